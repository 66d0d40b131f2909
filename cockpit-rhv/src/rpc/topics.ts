// SPDX-License-Identifier: Apache-2.0
// What the page holds of each topic: one snapshot, then RFC 7396 patches in unbroken order.
import type { RhvError, SubscribeResult, TopicPatchParams, TopicSnapshotParams, Topics } from "../generated/wire";
import { RpcError, localError } from "./channel";
import { mergePatch, type Live } from "./merge";

export type TopicName = Exclude<keyof Topics, "job" | "machine" | "pool"> | `job/${string}` | `machine/${string}` | `pool/${string}`;
export type TopicValue<N extends TopicName> = Live<N extends keyof Topics ? Topics[N]
    : N extends `machine/${string}` ? Topics["machine"] : N extends `pool/${string}` ? Topics["pool"] : Topics["job"]>;

export type TopicState<T> =
    | { readonly state: "loading" }
    /** `at`: performance.now() when the value came. */
    | { readonly state: "ready"; readonly value: T; readonly at: number }
    | { readonly state: "error"; readonly error: RhvError };

/** How the store talks to the helper; absent while there is no connection. */
export interface TopicLink {
    subscribe: (topic: TopicName) => Promise<SubscribeResult>;
    unsubscribe: (topic: TopicName) => Promise<unknown>;
}

interface Entry {
    state: TopicState<unknown>;
    revision: number;
    /** Patches that overtook the answer to `subscribe`: both may arrive in one chunk. */
    early: TopicPatchParams[] | null;
    listeners: Set<() => void>;
    release: ReturnType<typeof setTimeout> | null;
}

/** A page that is left and entered again soon finds its topics still warm. */
const RELEASE_MS = 3_000;
const LOADING: TopicState<never> = { state: "loading" };

function ready<T>(value: T): TopicState<T> {
    return { state: "ready", value, at: performance.now() };
}

export class TopicStore {
    readonly #entries = new Map<TopicName, Entry>();
    #link: TopicLink | null = null;

    /** A new connection: every watched topic is read anew; until then the last known values stay. */
    connect(link: TopicLink): void {
        this.#link = link;
        for (const name of this.#entries.keys())
            void this.#subscribe(name);
    }

    disconnect(): void {
        this.#link = null;
    }

    get<N extends TopicName>(name: N): TopicState<TopicValue<N>> {
        return (this.#entries.get(name)?.state ?? LOADING) as TopicState<TopicValue<N>>;
    }

    watch(name: TopicName, listener: () => void): () => void {
        let entry = this.#entries.get(name);
        if (!entry) {
            entry = { state: LOADING, revision: 0, early: null, listeners: new Set(), release: null };
            this.#entries.set(name, entry);
            void this.#subscribe(name);
        }
        if (entry.release !== null) {
            clearTimeout(entry.release);
            entry.release = null;
        }
        const watched = entry;
        watched.listeners.add(listener);
        return () => {
            watched.listeners.delete(listener);
            if (watched.listeners.size === 0)
                watched.release = setTimeout(() => this.#release(name), RELEASE_MS);
        };
    }

    patched(params: TopicPatchParams): void {
        const name = params.topic as TopicName;
        const entry = this.#entries.get(name);
        if (!entry)
            return;
        if (entry.early) {
            entry.early.push(params);
        } else if (entry.state.state !== "ready" || params.revision !== entry.revision + 1) {
            void this.#subscribe(name);
        } else {
            entry.revision = params.revision;
            this.#set(entry, ready(mergePatch(entry.state.value, params.patch)));
        }
    }

    replaced(params: TopicSnapshotParams): void {
        const entry = this.#entries.get(params.topic as TopicName);
        if (!entry || entry.early)
            return;
        entry.revision = params.revision;
        this.#set(entry, ready(params.snapshot));
    }

    failed(topic: string, error: RhvError): void {
        const entry = this.#entries.get(topic as TopicName);
        if (entry)
            this.#set(entry, { state: "error", error });
    }

    async #subscribe(name: TopicName): Promise<void> {
        const link = this.#link;
        const entry = this.#entries.get(name);
        if (!link || !entry)
            return;
        entry.early = [];
        const mine = entry.early;
        try {
            const { revision, snapshot } = await link.subscribe(name);
            if (entry.early !== mine)
                return; // a newer connection has asked again
            let value: unknown = snapshot;
            let last = revision;
            for (const patch of mine) {
                if (patch.revision !== last + 1)
                    continue;
                value = mergePatch(value, patch.patch);
                last = patch.revision;
            }
            entry.early = null;
            entry.revision = last;
            this.#set(entry, ready(value));
        } catch (reason) {
            if (entry.early !== mine)
                return;
            entry.early = null;
            // Without a link the connection is lost, which the page says elsewhere: keep what is known.
            if (this.#link === link)
                this.#set(entry, { state: "error", error: asError(reason).error });
        }
    }

    #release(name: TopicName): void {
        const entry = this.#entries.get(name);
        if (!entry || entry.listeners.size > 0)
            return;
        this.#entries.delete(name);
        this.#link?.unsubscribe(name).catch(() => undefined);
    }

    #set(entry: Entry, state: TopicState<unknown>): void {
        entry.state = state;
        for (const listener of entry.listeners)
            listener();
    }
}

export function asError(reason: unknown): RpcError {
    if (reason instanceof RpcError)
        return reason;
    return localError("page.internal", "Something went wrong in this page.", String(reason));
}
