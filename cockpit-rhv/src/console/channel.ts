// SPDX-License-Identifier: Apache-2.0
// One console of one guest: a program on the host, bare bytes to it, frames from it. docs/architecture.md has the frames.
import type { RhvError } from "../generated/wire";

const PROGRAM = "/usr/libexec/cockpit-rhv/console";
/** cockpit-ws drops the whole connection at 128 KiB a frame. */
const SEND_BYTES = 64 * 1024;
const HEAD = 5;
const DATA = 0x44, EVENT = 0x4a;
/** No program of ours sends longer frames: what says so is no frame. */
const LONGEST = 1024 * 1024;

export type Kind = "vnc" | "serial";

export type ConsoleEvent =
    | { event: "open" }
    | { event: "silent"; seconds: number }
    | { event: "answering" }
    | { event: "end"; error: RhvError };

export interface FrameHandlers {
    data: (bytes: Uint8Array) => void;
    event: (event: ConsoleEvent) => void;
}

/** Takes the program's output in any pieces. Throws when it is none of ours. */
export function deframer(handlers: FrameHandlers): (chunk: Uint8Array) => void {
    let rest = new Uint8Array(0);
    return chunk => {
        let buffer = chunk;
        if (rest.length > 0) {
            buffer = new Uint8Array(rest.length + chunk.length);
            buffer.set(rest);
            buffer.set(chunk, rest.length);
        }
        let at = 0;
        while (buffer.length - at >= HEAD) {
            const view = new DataView(buffer.buffer, buffer.byteOffset + at, HEAD);
            const kind = view.getUint8(0), length = view.getUint32(1);
            if ((kind !== DATA && kind !== EVENT) || length > LONGEST)
                throw new Error("not a frame of the console's program");
            if (buffer.length - at < HEAD + length)
                break;
            const content = buffer.subarray(at + HEAD, at + HEAD + length);
            at += HEAD + length;
            if (kind === DATA)
                handlers.data(content);
            else
                handlers.event(JSON.parse(new TextDecoder().decode(content)) as ConsoleEvent);
        }
        rest = buffer.slice(at);
    };
}

export interface ConsoleHandlers extends FrameHandlers {
    /** The channel is gone; after an `end` this says nothing new. */
    closed: (problem: string) => void;
}

export class ConsoleChannel {
    readonly #channel: Cockpit.BinaryChannel;
    #closed = false;

    constructor(kind: Kind, uuid: string, takeOver: boolean, handlers: ConsoleHandlers) {
        this.#channel = cockpit.channel({
            payload: "stream",
            spawn: [PROGRAM, kind, uuid, ...(takeOver ? ["take-over"] : [])],
            superuser: "try",
            err: "ignore",
            binary: true,
        });
        const take = deframer(handlers);
        this.#channel.addEventListener("message", (_event, data) => {
            if (this.#closed)
                return;
            try {
                take(data);
            } catch (reason) {
                console.warn("console:", reason);
                this.close();
                handlers.closed("protocol-error");
            }
        });
        this.#channel.addEventListener("close", (_event, message) => {
            if (this.#closed)
                return;
            this.#closed = true;
            handlers.closed(message.problem ?? "terminated");
        });
    }

    send(bytes: Uint8Array): void {
        if (this.#closed)
            return;
        for (let start = 0; start < bytes.length; start += SEND_BYTES)
            this.#channel.send(bytes.slice(start, start + SEND_BYTES));
    }

    close(): void {
        if (this.#closed)
            return;
        this.#closed = true;
        this.#channel.close();
    }
}
