// SPDX-License-Identifier: Apache-2.0
// One attempt to bring a file over: a channel, a window, both checksums. Holds a few pieces of the file, never all of it.
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

import type { RhvError } from "../generated/wire";
import { FRAME_BYTES, WINDOW_BYTES, dataFrame, events, orderFrame, type UploadEvent } from "./frames";

/** Bytes that are read from the file at once. */
const PIECE_BYTES = 1024 * 1024;
/** How long the host may take to tidy up after a cancellation. */
const CANCEL_MS = 5_000;
const PROGRAM = "/usr/libexec/cockpit-rhv/helper";

export interface Progress {
    phase: "checking" | "sending" | "finishing";
    /** Bytes that the host has, or that have been compared. */
    done: number;
}

export type Outcome =
    | { end: "done"; path: string }
    | { end: "cancelled" }
    | { end: "failed"; error: RhvError }
    /** The connection broke: the next attempt goes on where this one was. */
    | { end: "broken"; problem: string }
    /** The browser could not read the file: it was changed or is gone. */
    | { end: "unreadable"; reason: string };

/** The other end of an upload, as a Cockpit channel is; tests bring their own. */
export interface Wire {
    send: (data: Uint8Array) => void;
    close: () => void;
}
export type OpenWire = (ticket: string, message: (data: Uint8Array) => void, closed: (problem: string) => void) => Wire;

export const openWire: OpenWire = (ticket, message, closed) => {
    const channel = cockpit.channel({ payload: "stream", spawn: [PROGRAM, "upload", ticket], superuser: "try", err: "ignore", binary: true });
    channel.addEventListener("message", (_event, data) => message(data));
    channel.addEventListener("close", (_event, { problem }) => closed(problem ?? "terminated"));
    return { send: data => channel.send(data), close: () => channel.close() };
};

class Stopped extends Error {}

/** Sends the file; `cancelled` is asked before each piece. Never rejects. */
export class Transfer {
    readonly #file: Blob;
    readonly #progress: (progress: Progress) => void;
    #wire: Wire | null = null;
    #acked = 0;
    #have: Extract<UploadEvent, { event: "have" }> | null = null;
    #outcome: Outcome | null = null;
    #cancelled = false;
    #wake: () => void = () => undefined;

    constructor(file: Blob, progress: (progress: Progress) => void) {
        this.#file = file;
        this.#progress = progress;
    }

    async run(ticket: string, open: OpenWire = openWire): Promise<Outcome> {
        const take = events(event => this.#take(event));
        this.#wire = open(ticket, data => {
            try {
                take(data);
            } catch (reason) {
                this.#settle({ end: "broken", problem: String(reason) });
            }
        }, problem => this.#settle({ end: "broken", problem }));
        try {
            await this.#send();
        } catch (reason) {
            if (!(reason instanceof Stopped))
                this.#settle({ end: "unreadable", reason: String(reason) });
        }
        this.#wire.close();
        return this.#outcome ?? { end: "broken", problem: "terminated" };
    }

    cancel(): void {
        this.#cancelled = true;
        this.#wire?.send(orderFrame({ event: "cancel" }));
        // A storage that hangs hears nothing; what arrived stays there as an incomplete volume then.
        setTimeout(() => this.#settle({ end: "cancelled" }), CANCEL_MS);
        this.#wake();
    }

    #settle(outcome: Outcome): void {
        this.#outcome ??= outcome;
        this.#wake();
    }

    #take(event: UploadEvent): void {
        switch (event.event) {
        case "checking": this.#progress({ phase: "checking", done: event.offset }); break;
        case "have": this.#have = event; break;
        case "ack":
            this.#acked = event.offset;
            this.#progress({ phase: "sending", done: event.offset });
            break;
        case "finishing": this.#progress({ phase: "finishing", done: this.#file.size }); break;
        case "done": this.#settle({ end: "done", path: event.path }); break;
        case "cancelled": this.#settle({ end: "cancelled" }); break;
        case "end": this.#settle({ end: "failed", error: event.error }); break;
        }
        this.#wake();
    }

    /** Waits until something is so; throws when the upload has ended otherwise. */
    async #until(so: () => boolean): Promise<void> {
        for (;;) {
            if (this.#outcome)
                throw new Stopped();
            if (so())
                return;
            await new Promise<void>(resolve => {
                this.#wake = resolve;
            });
        }
    }

    async #piece(start: number): Promise<Uint8Array> {
        return new Uint8Array(await this.#file.slice(start, start + PIECE_BYTES).arrayBuffer());
    }

    async #send(): Promise<void> {
        await this.#until(() => this.#have !== null);
        const have = this.#have ?? { offset: 0, sha256: "" };
        let digest = sha256.create();
        let at = 0;
        // What the host has from an earlier attempt counts only when it is the beginning of this very file.
        while (at < have.offset) {
            const piece = (await this.#piece(at)).subarray(0, have.offset - at);
            if (piece.length === 0)
                break;
            digest.update(piece);
            at += piece.length;
            this.#progress({ phase: "checking", done: at });
            await this.#until(() => !this.#cancelled);
        }
        if (at !== have.offset || bytesToHex(digest.clone().digest()) !== have.sha256) {
            this.#wire?.send(orderFrame({ event: "restart" }));
            digest = sha256.create();
            at = 0;
        }
        this.#acked = at;
        this.#progress({ phase: "sending", done: at });
        while (at < this.#file.size) {
            const piece = await this.#piece(at);
            if (piece.length === 0)
                throw new Error("the file has become shorter");
            for (let start = 0; start < piece.length; start += FRAME_BYTES) {
                const part = piece.subarray(start, start + FRAME_BYTES);
                await this.#until(() => !this.#cancelled && at + part.length - this.#acked <= WINDOW_BYTES);
                digest.update(part);
                this.#wire?.send(dataFrame(part));
                at += part.length;
            }
        }
        this.#wire?.send(orderFrame({ event: "end", sha256: bytesToHex(digest.digest()) }));
        await this.#until(() => false);
    }
}
