// SPDX-License-Identifier: Apache-2.0
// The page's one connection to its helper: opened, watched, renewed when privileges change, retried when lost.
import type { Hello } from "../generated/wire";
import { language } from "../i18n";
import { RpcChannel, localError, type ChannelClosed } from "./channel";
import { caller, type Call } from "./client";
import { watchSuperuser } from "./superuser";
import { TopicStore, type TopicLink } from "./topics";

export type Connection =
    | { readonly state: "connecting"; readonly hello: Hello | null }
    | { readonly state: "connected"; readonly hello: Hello }
    | {
        readonly state: "lost";
        /** What the last helper said of itself; null when there never was one. */
        readonly hello: Hello | null;
        readonly reason: ChannelClosed;
        /** By performance.now(). */
        readonly retryAt: number;
    };

const BACKOFF_S = [1, 2, 4, 8, 15, 30] as const;
/** A helper that lived this long was no crash at start: the next loss is retried quickly again. */
const STEADY_MS = 10_000;

export class Session {
    readonly topics = new TopicStore();
    #connection: Connection = { state: "connecting", hello: null };
    readonly #listeners = new Set<() => void>();
    #channel: RpcChannel | null = null;
    #opening: RpcChannel | null = null;
    #call: Call | null = null;
    #failures = 0;
    #steady: ReturnType<typeof setTimeout> | null = null;
    #retry: ReturnType<typeof setTimeout> | null = null;

    readonly call: Call = (method, params) => this.#call
        ? this.#call(method, params)
        : Promise.reject(localError("page.not_connected", "The page is not connected to the host."));

    start(): () => void {
        const stopSuperuser = watchSuperuser(() => {
            this.#failures = 0;
            this.#open();
        });
        const visibility = () => this.#tellVisibility();
        cockpit.addEventListener("visibilitychange", visibility);
        this.#open();
        return () => {
            stopSuperuser();
            cockpit.removeEventListener("visibilitychange", visibility);
            this.#cancelTimers();
            const opening = this.#opening;
            // Its hello is refused now, which is no loss to retry after.
            this.#opening = null;
            opening?.close();
            this.#channel?.close();
            this.topics.disconnect();
        };
    }

    readonly getConnection = (): Connection => this.#connection;

    readonly subscribe = (listener: () => void): () => void => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
    };

    readonly retryNow = (): void => {
        this.#open();
    };

    /** Opens a new channel; the old one serves until the new helper has said hello. */
    #open(): void {
        this.#cancelTimers();
        this.#opening?.close();
        if (this.#connection.state !== "connected")
            this.#set({ state: "connecting", hello: this.#connection.hello });

        const channel: RpcChannel = new RpcChannel({
            notification: (_method, params) => {
                if (channel !== (this.#channel ?? this.#opening))
                    return;
                if ("patch" in params)
                    this.topics.patched(params);
                else if ("snapshot" in params)
                    this.topics.replaced(params);
                else
                    this.topics.failed(params.topic, params.error);
            },
            closed: reason => this.#closed(channel, reason),
        });
        this.#opening = channel;
        const call = caller(channel);
        const hello = call("hello", { client_version: __VERSION__, language: language() });
        const link: TopicLink = {
            subscribe: topic => call("subscribe", { topic }),
            unsubscribe: topic => call("unsubscribe", { topic }),
        };
        // With no helper to serve them meanwhile the topics do not wait for the answer: libvirt is connected beside it.
        const early = this.#channel === null;
        if (early)
            this.topics.connect(link);
        hello
            .then(answer => {
                this.#opened(channel, call, answer);
                if (!early && channel === this.#channel)
                    this.topics.connect(link);
            })
            .catch((reason: unknown) => {
                if (channel !== this.#opening)
                    return;
                channel.close();
                this.#closed(channel, { problem: "protocol-error", message: String(reason) });
            });
    }

    #opened(channel: RpcChannel, call: Call, hello: Hello): void {
        if (channel !== this.#opening)
            return;
        this.#opening = null;
        this.#channel?.close();
        this.#channel = channel;
        this.#call = call;
        this.#steady = setTimeout(() => {
            this.#failures = 0;
        }, STEADY_MS);
        this.#set({ state: "connected", hello });
        if (cockpit.hidden)
            this.#tellVisibility();
    }

    #closed(channel: RpcChannel, reason: ChannelClosed): void {
        if (channel === this.#channel) {
            this.#channel = null;
            this.#call = null;
            this.topics.disconnect();
            // Losing privileges ends the old helper while its successor is already starting.
            if (this.#opening)
                return;
        } else if (channel === this.#opening) {
            this.#opening = null;
            // The old helper still serves.
            if (this.#channel)
                return;
            this.topics.disconnect();
        } else {
            return;
        }
        const wait = BACKOFF_S[Math.min(this.#failures, BACKOFF_S.length - 1)] ?? 30;
        this.#failures += 1;
        this.#cancelTimers();
        this.#retry = setTimeout(() => this.#open(), wait * 1000);
        this.#set({
            state: "lost",
            hello: this.#connection.hello,
            reason,
            retryAt: performance.now() + wait * 1000,
        });
    }

    #tellVisibility(): void {
        this.#call?.("visible", { visible: !cockpit.hidden }).catch(() => undefined);
    }

    #cancelTimers(): void {
        for (const timer of [this.#retry, this.#steady]) {
            if (timer !== null)
                clearTimeout(timer);
        }
        this.#retry = null;
        this.#steady = null;
    }

    #set(connection: Connection): void {
        this.#connection = connection;
        for (const listener of this.#listeners)
            listener();
    }
}
