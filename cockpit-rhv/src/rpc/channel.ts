// SPDX-License-Identifier: Apache-2.0
// JSON-RPC 2.0, one object a line, over a `stream` channel to the helper.
import type { Notifications, RhvError } from "../generated/wire";

const HELPER = "/usr/libexec/cockpit-rhv/helper";

/** cockpit-ws drops the whole connection at 128 KiB a frame. A UTF-16 unit takes three bytes at most. */
const FRAME_UNITS = 40 * 1024;
/** The helper reads no longer line. */
const MAX_LINE_BYTES = 1024 * 1024;

/** Why a channel ended, in Cockpit's words: https://github.com/cockpit-project/cockpit/blob/main/doc/protocol.md */
export interface ChannelClosed {
    problem: string;
    message: string | null;
}

export class RpcError extends Error {
    constructor(readonly error: RhvError) {
        super(`${error.code}: ${error.message.text}`);
        this.name = "RpcError";
    }
}

interface Pending {
    resolve: (value: unknown) => void;
    reject: (reason: RpcError) => void;
    timer: ReturnType<typeof setTimeout>;
}

export interface ChannelHandlers {
    notification: <K extends keyof Notifications>(method: K, params: Notifications[K]) => void;
    closed: (reason: ChannelClosed) => void;
}

interface Incoming {
    id?: number;
    method?: keyof Notifications;
    params?: Notifications[keyof Notifications];
    result?: unknown;
    error?: { code: number; message: string; data?: RhvError };
}

export function localError(code: string, sentence: string, detail: string | null = null): RpcError {
    return new RpcError({ code, message: { id: code, text: sentence }, hint: null, detail });
}

/** Cuts a stream of text with arbitrary borders into lines. */
export function lineSplitter(line: (text: string) => void): (chunk: string) => void {
    let rest = "";
    return chunk => {
        const parts = (rest + chunk).split("\n");
        rest = parts.pop() ?? "";
        for (const part of parts) {
            if (part !== "")
                line(part);
        }
    };
}

/** A long line in pieces: the channel is a stream, but each frame must be text by itself, so no character is cut in two. */
export function framesOf(line: string, units: number): string[] {
    const frames: string[] = [];
    for (let start = 0; start < line.length;) {
        const end = start + units;
        const code = end < line.length ? line.charCodeAt(end - 1) : 0;
        const whole = code >= 0xd800 && code < 0xdc00 ? end - 1 : end;
        frames.push(line.slice(start, whole));
        start = whole;
    }
    return frames;
}

export class RpcChannel {
    readonly #channel: Cockpit.Channel;
    readonly #pending = new Map<number, Pending>();
    readonly #handlers: ChannelHandlers;
    #nextId = 1;
    #closed = false;

    constructor(handlers: ChannelHandlers) {
        this.#handlers = handlers;
        this.#channel = cockpit.channel({
            payload: "stream",
            spawn: [HELPER],
            superuser: "try",
            // "message" would collect all of stderr in the bridge's memory; the helper logs to the journal.
            err: "ignore",
        });
        const split = lineSplitter(line => this.#receive(line));
        this.#channel.addEventListener("message", (_event, data) => split(data));
        this.#channel.addEventListener("close", (_event, message) => {
            this.#end({ problem: message.problem ?? "terminated", message: message.message ?? null });
        });
    }

    request(method: string, params: object, timeoutMs: number): Promise<unknown> {
        if (this.#closed)
            return Promise.reject(localError("page.not_connected", "The page is not connected to the host."));
        const id = this.#nextId++;
        const line = JSON.stringify({ jsonrpc: "2.0", id, method, params }) + "\n";
        if (new TextEncoder().encode(line).length > MAX_LINE_BYTES)
            return Promise.reject(localError("page.request_too_large", "The request is too large to be sent."));
        return new Promise((resolve, reject) => {
            const timer = setTimeout(() => {
                this.#pending.delete(id);
                reject(localError("page.timeout", "The host did not answer in time.", method));
            }, timeoutMs);
            this.#pending.set(id, { resolve, reject, timer });
            for (const frame of framesOf(line, FRAME_UNITS))
                this.#channel.send(frame);
        });
    }

    close(): void {
        if (this.#closed)
            return;
        // Whoever closes a channel on purpose does not want to hear that it is lost.
        this.#closed = true;
        this.#channel.close();
        this.#rejectAll();
    }

    #receive(line: string): void {
        let message: Incoming;
        try {
            message = JSON.parse(line) as Incoming;
        } catch {
            console.warn("not JSON from the helper:", line.slice(0, 200));
            return;
        }
        if (message.method !== undefined && message.params !== undefined) {
            this.#handlers.notification(message.method, message.params);
            return;
        }
        const pending = message.id === undefined ? undefined : this.#pending.get(message.id);
        if (!pending || message.id === undefined)
            return;
        this.#pending.delete(message.id);
        clearTimeout(pending.timer);
        if (message.error) {
            pending.reject(message.error.data
                ? new RpcError(message.error.data)
                : localError("page.protocol", "The host refused the request.", message.error.message));
        } else {
            pending.resolve(message.result);
        }
    }

    #end(reason: ChannelClosed): void {
        if (this.#closed)
            return;
        this.#closed = true;
        this.#rejectAll();
        this.#handlers.closed(reason);
    }

    #rejectAll(): void {
        for (const { reject, timer } of this.#pending.values()) {
            clearTimeout(timer);
            reject(localError("page.not_connected", "The page is not connected to the host."));
        }
        this.#pending.clear();
    }
}
