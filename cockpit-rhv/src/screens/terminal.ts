// SPDX-License-Identifier: Apache-2.0
import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";
import css from "@xterm/xterm/css/xterm.css";

import { styled } from "./styles";
import type { Link, Place, Viewer, ViewerEvents } from "./types";

const SCROLLBACK_LINES = 5000;
const THEME = { background: "#151515", foreground: "#f0f0f0", cursor: "#f0f0f0" };

/** PatternFly's font, spelled out: xterm.js measures it on a canvas, which knows no variables. */
function monospace(): string {
    const family = getComputedStyle(document.documentElement).getPropertyValue("--pf-t--global--font--family--mono").trim();
    return family === "" ? "monospace" : family;
}

export function showTerminal(place: Place, link: Link, events: ViewerEvents): Viewer {
    const styles = styled(css);
    const terminal = new Terminal({
        documentOverride: styles.document,
        scrollback: SCROLLBACK_LINES,
        fontFamily: monospace(),
        fontSize: 14,
        screenReaderMode: true,
        theme: THEME,
    });
    const fitting = new FitAddon();
    terminal.loadAddon(fitting);
    styles.during(() => terminal.open(place.element));
    fitting.fit();
    terminal.textarea?.setAttribute("aria-label", place.label);
    terminal.textarea?.setAttribute("aria-describedby", place.describedBy);
    // A serial line does not know how large the window is: only the lines that are seen change.
    const watcher = new ResizeObserver(() => fitting.fit());
    watcher.observe(place.element);
    const encoder = new TextEncoder();
    terminal.onData(text => link.send(encoder.encode(text)));
    terminal.onBinary(text => link.send(Uint8Array.from(text, character => character.charCodeAt(0))));
    link.receive = data => terminal.write(data);
    events.ready();
    return {
        focus: () => terminal.focus(),
        leave: () => terminal.blur(),
        press: () => undefined,
        type: text => {
            // As a terminal's own paste: a line ends with a carriage return.
            link.send(encoder.encode(text.replace(/\r?\n/g, "\r")));
            return 0;
        },
        fit: () => undefined,
        close: () => {
            link.receive = null;
            watcher.disconnect();
            terminal.dispose();
            styles.remove();
        },
    };
}
