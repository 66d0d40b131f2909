// SPDX-License-Identifier: Apache-2.0
// What passes between a page and `helper upload <ticket>`; docs/architecture.md has the dialogue.
import type { RhvError } from "../generated/wire";

/** cockpit-ws drops the whole connection at 128 KiB a frame. */
export const FRAME_BYTES = 64 * 1024;
/** Bytes on their way without an acknowledgement: Cockpit has no flow control for what a browser sends before 2024. */
export const WINDOW_BYTES = 16 * FRAME_BYTES;
const HEAD = 5;
const DATA = 0x44, EVENT = 0x4a;
const LONGEST = 1024 * 1024;

export type UploadEvent =
    | { event: "checking"; offset: number; size: number }
    | { event: "have"; offset: number; sha256: string }
    | { event: "ack"; offset: number }
    | { event: "finishing" }
    | { event: "done"; path: string }
    | { event: "cancelled" }
    | { event: "end"; error: RhvError };

function frame(kind: number, content: Uint8Array): Uint8Array {
    const whole = new Uint8Array(HEAD + content.length);
    whole[0] = kind;
    new DataView(whole.buffer).setUint32(1, content.length);
    whole.set(content, HEAD);
    return whole;
}

export function dataFrame(content: Uint8Array): Uint8Array {
    return frame(DATA, content);
}

export type Order = { event: "restart" } | { event: "cancel" } | { event: "end"; sha256: string };

export function orderFrame(order: Order): Uint8Array {
    return frame(EVENT, new TextEncoder().encode(JSON.stringify(order)));
}

/** Takes the program's output in any pieces. Throws when it is none of ours. */
export function events(take: (event: UploadEvent) => void): (chunk: Uint8Array) => void {
    let rest = new Uint8Array(0);
    return chunk => {
        const buffer = new Uint8Array(rest.length + chunk.length);
        buffer.set(rest);
        buffer.set(chunk, rest.length);
        let at = 0;
        while (buffer.length - at >= HEAD) {
            const view = new DataView(buffer.buffer, at, HEAD);
            const length = view.getUint32(1);
            if (view.getUint8(0) !== EVENT || length > LONGEST)
                throw new Error("not a frame of the upload's program");
            if (buffer.length - at < HEAD + length)
                break;
            const content = buffer.subarray(at + HEAD, at + HEAD + length);
            at += HEAD + length;
            take(JSON.parse(new TextDecoder().decode(content)) as UploadEvent);
        }
        rest = buffer.slice(at);
    };
}
