// SPDX-License-Identifier: Apache-2.0
// What is being done to guests and what became of it. Kept beside the pages: going to another one stops nothing.
import { useSyncExternalStore } from "react";

import type { MachinesActParams, RhvError } from "../generated/wire";
import type { Call } from "../rpc/client";
import { asError } from "../rpc/topics";
import type { Action } from "./states";

export interface Run {
    readonly id: number;
    readonly action: Action;
    /** Names as they were when it was asked for: a guest may be gone before its result comes. */
    readonly names: ReadonlyMap<string, string>;
    readonly done: ReadonlySet<string>;
    readonly failed: ReadonlyMap<string, RhvError>;
}

/** Guests in one request: results are shown as they come, and leaving the page stops what has not been asked for. */
const BATCH = 6;

export function isOver({ names, done, failed }: Run): boolean {
    return done.size + failed.size === names.size;
}

export class RunStore {
    #runs: readonly Run[] = [];
    #next = 1;
    readonly #listeners = new Set<() => void>();

    readonly get = (): readonly Run[] => this.#runs;

    readonly subscribe = (listener: () => void): () => void => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
    };

    /** Does one thing to many guests. Never rejects: each guest has its result. */
    async start(call: Call, action: Action, names: ReadonlyMap<string, string>): Promise<void> {
        const id = this.#next++;
        this.#set([{ id, action, names, done: new Set(), failed: new Map() }, ...this.#runs]);
        const uuids = [...names.keys()];
        for (let first = 0; first < uuids.length; first += BATCH)
            await this.#ask(id, call, { action, uuids: uuids.slice(first, first + BATCH) });
        this.#tidy(id);
    }

    /** Starts the job that powers off what has not shut down after `wait_s` seconds. Never rejects. */
    async shutDown(call: Call, names: ReadonlyMap<string, string>, wait_s: number): Promise<void> {
        const id = this.#next++;
        this.#set([{ id, action: "shutdown", names, done: new Set(), failed: new Map() }, ...this.#runs]);
        try {
            await call("machines.shut_down", { uuids: [...names.keys()], wait_s });
            // From here on the job tells what becomes of them.
            this.dismiss(id);
        } catch (reason) {
            for (const uuid of names.keys())
                this.#note(id, uuid, asError(reason).error);
        }
    }

    dismiss(id: number): void {
        this.#set(this.#runs.filter(run => run.id !== id));
    }

    async #ask(id: number, call: Call, params: MachinesActParams): Promise<void> {
        try {
            const { results } = await call("machines.act", params);
            for (const { uuid, error } of results)
                this.#note(id, uuid, error);
        } catch (reason) {
            for (const uuid of params.uuids)
                this.#note(id, uuid, asError(reason).error);
        }
    }

    /** Success shows in the rows themselves. */
    #tidy(id: number): void {
        if (this.#runs.find(one => one.id === id)?.failed.size === 0)
            this.dismiss(id);
    }

    #note(id: number, uuid: string, error: RhvError | null): void {
        this.#set(this.#runs.map(run => {
            if (run.id !== id)
                return run;
            if (error)
                return { ...run, failed: new Map(run.failed).set(uuid, error) };
            return { ...run, done: new Set(run.done).add(uuid) };
        }));
    }

    #set(runs: readonly Run[]): void {
        this.#runs = runs;
        for (const listener of this.#listeners)
            listener();
    }
}

export const runStore = new RunStore();

export function useRuns(): readonly Run[] {
    return useSyncExternalStore(runStore.subscribe, runStore.get);
}

/** What is being done to each guest at this moment. */
export function pendingActions(runs: readonly Run[]): ReadonlyMap<string, Action> {
    const pending = new Map<string, Action>();
    for (const { action, names, done, failed } of runs) {
        for (const uuid of names.keys()) {
            if (!done.has(uuid) && !failed.has(uuid))
                pending.set(uuid, action);
        }
    }
    return pending;
}
