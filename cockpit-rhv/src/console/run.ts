// SPDX-License-Identifier: Apache-2.0
// One attempt at a console, from loading the viewer to the end, independent of React.
import type { RhvError } from "../generated/wire";
import { localError } from "../rpc/channel";
import { asError } from "../rpc/topics";
import type { Link, Place, Viewer } from "../screens/types";
import { ConsoleChannel, type ConsoleEvent, type Kind } from "./channel";
import { loadScreens } from "./load";

export type Phase =
    | { readonly state: "connecting" }
    /** `silentS`: for how long QEMU has not answered. */
    | { readonly state: "open"; readonly viewer: Viewer; readonly silentS: number | null }
    | { readonly state: "ended"; readonly error: RhvError };

function lost(problem: string): RhvError {
    switch (problem) {
    case "not-found":
    case "no-cockpit":
        return localError("page.no_console", "The package cockpit-rhv is not installed completely on this host: its console program is missing.").error;
    case "access-denied":
        return localError("page.console_denied", "Your account may not open consoles on this host.").error;
    case "disconnected":
    case "timeout":
        return localError("page.console_lost", "The connection to the host was interrupted.").error;
    default:
        return localError("page.console_ended", "The console's program on the host has ended.", problem).error;
    }
}

/** Opens the console into `place`; returns how to close it. */
export function runConsole(kind: Kind, uuid: string, takeOver: boolean, place: Place, changed: (phase: Phase) => void): () => void {
    let over = false;
    let viewer: Viewer | null = null;
    let channel: ConsoleChannel | null = null;
    let ready = false;
    let silentS: number | null = null;

    const tell = () => {
        if (!over && viewer !== null && ready)
            changed({ state: "open", viewer, silentS });
    };
    const close = () => {
        over = true;
        viewer?.close();
        channel?.close();
        viewer = null;
    };
    const end = (error: RhvError) => {
        if (over)
            return;
        close();
        changed({ state: "ended", error });
    };
    const link: Link = { send: data => channel?.send(data), receive: null };
    const event = (message: ConsoleEvent) => {
        switch (message.event) {
        case "open":
            break; // the viewer, which is there before the channel is opened, begins with the guest's first byte
        case "silent":
            silentS = message.seconds;
            break;
        case "answering":
            silentS = null;
            break;
        case "end":
            end(message.error);
            return;
        }
        if (message.event === "open" && kind === "serial")
            ready = true;
        tell();
    };

    loadScreens().then(screens => {
        if (over)
            return;
        const show = kind === "vnc" ? screens.showScreen : screens.showTerminal;
        channel = new ConsoleChannel(kind, uuid, takeOver, {
            data: bytes => link.receive?.(bytes),
            event,
            closed: problem => end(lost(problem)),
        });
        viewer = show(place, link, {
            ready: () => {
                if (kind === "vnc") {
                    ready = true;
                    tell();
                }
            },
            failed: detail => end(localError("page.viewer", "The picture of the guest cannot be shown.", detail).error),
        });
        tell();
    }).catch((reason: unknown) => end(asError(reason).error));
    return close;
}
