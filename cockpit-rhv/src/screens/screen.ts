// SPDX-License-Identifier: Apache-2.0
import RFB, { type RawChannel } from "@novnc/novnc";

import { SHIFT, strokes } from "./keys";
import type { Key, Link, Place, Viewer, ViewerEvents } from "./types";

/** Modifiers that may be held down while the console is left. */
const HELD: readonly Key[] = [
    SHIFT, { keysym: 0xffe2, code: "ShiftRight" }, { keysym: 0xffe3, code: "ControlLeft" }, { keysym: 0xffe9, code: "AltLeft" },
];
/** QEMU's keyboard holds sixteen keys that its guest has not read; a PS/2 one takes about a millisecond each. */
const STROKE_MS = 20;

/** Cockpit's channel in the clothes of a WebSocket, which is what noVNC asks for. */
class Pipe implements RawChannel {
    binaryType = "arraybuffer";
    readonly protocol = "";
    readyState = "open";
    onopen: RawChannel["onopen"] = null;
    onmessage: RawChannel["onmessage"] = null;
    onerror: RawChannel["onerror"] = null;
    onclose: RawChannel["onclose"] = null;

    constructor(readonly link: Link) {}

    send(data: ArrayBuffer | ArrayBufferView<ArrayBuffer>): void {
        // noVNC uses its buffer again.
        this.link.send(data instanceof ArrayBuffer
            ? new Uint8Array(data.slice(0))
            : new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice());
    }

    close(): void {
        if (this.readyState === "closed")
            return;
        this.readyState = "closed";
        this.link.receive = null;
        // Afterwards, as a WebSocket does it: noVNC begins to wait for it only when it has closed us.
        queueMicrotask(() => this.onclose?.({ code: 1000, reason: "", wasClean: true }));
    }
}

export function showScreen(place: Place, link: Link, events: ViewerEvents): Viewer {
    const pipe = new Pipe(link);
    link.receive = data => pipe.onmessage?.({ data: data.slice().buffer });
    const rfb = new RFB(place.element, pipe, { shared: true });
    let over = false;
    let typing: ReturnType<typeof setTimeout> | null = null;
    rfb.background = "transparent";
    rfb.showDotCursor = true;
    const fit = (wanted: boolean) => {
        rfb.scaleViewport = wanted;
        // A picture that is larger than its place is scrolled, not cut.
        rfb.clipViewport = false;
    };
    fit(place.fit);
    const canvas = place.element.querySelector("canvas");
    if (canvas) {
        canvas.tabIndex = 0;
        canvas.setAttribute("role", "application");
        canvas.setAttribute("aria-label", place.label);
        canvas.setAttribute("aria-describedby", place.describedBy);
    }
    rfb.addEventListener("connect", () => events.ready());
    rfb.addEventListener("securityfailure", event => {
        if (!over)
            events.failed(JSON.stringify((event as CustomEvent).detail));
    });
    rfb.addEventListener("disconnect", event => {
        // Closed on purpose, or the program has said why.
        if (!over && !(event as CustomEvent<{ clean: boolean }>).detail.clean)
            events.failed("noVNC gave up");
    });

    const press = (keys: readonly Key[]) => {
        for (const { keysym, code } of keys)
            rfb.sendKey(keysym, code, true);
        for (const { keysym, code } of [...keys].reverse())
            rfb.sendKey(keysym, code, false);
    };
    return {
        focus: () => rfb.focus(),
        leave: () => {
            for (const { keysym, code } of HELD)
                rfb.sendKey(keysym, code, false);
            rfb.blur();
        },
        press,
        type: text => {
            const { strokes: queue, left } = strokes(text);
            const next = () => {
                const keys = queue.shift();
                typing = null;
                if (!keys || over)
                    return;
                press(keys);
                typing = setTimeout(next, STROKE_MS);
            };
            if (typing === null)
                next();
            return left;
        },
        fit,
        close: () => {
            over = true;
            if (typing !== null)
                clearTimeout(typing);
            rfb.disconnect();
        },
    };
}
