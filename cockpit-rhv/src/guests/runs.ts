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
    readonly poweredOff: ReadonlySet<string>;
    readonly failed: ReadonlyMap<string, RhvError>;
}

export interface Waiting {
    wait_s: number;
    then_power_off: boolean;
}

/** Guests in one request: results are shown as they come, and leaving the page stops what has not been asked for. */
const BATCH = 6;

export function isOver({ names, done, poweredOff, failed }: Run): boolean {
    return done.size + poweredOff.size + failed.size === names.size;
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
    async start(call: Call, action: Action, names: ReadonlyMap<string, string>, waiting: Waiting | null = null): Promise<void> {
        const id = this.#next++;
        this.#set([{ id, action, names, done: new Set(), poweredOff: new Set(), failed: new Map() }, ...this.#runs]);
        const uuids = [...names.keys()];
        // Whoever is waited for is waited for beside the others, so these go in one request.
        const size = waiting ? uuids.length : BATCH;
        for (let first = 0; first < uuids.length; first += size)
            await this.#ask(id, call, { action, uuids: uuids.slice(first, first + size), ...waiting });
        const run = this.#runs.find(one => one.id === id);
        // Success shows in the rows themselves.
        if (run?.failed.size === 0 && run.poweredOff.size === 0)
            this.dismiss(id);
    }

    dismiss(id: number): void {
        this.#set(this.#runs.filter(run => run.id !== id));
    }

    async #ask(id: number, call: Call, params: MachinesActParams): Promise<void> {
        try {
            const { results } = await call("machines.act", params);
            for (const { uuid, outcome, error } of results)
                this.#note(id, uuid, outcome, error);
        } catch (reason) {
            for (const uuid of params.uuids)
                this.#note(id, uuid, "failed", asError(reason).error);
        }
    }

    #note(id: number, uuid: string, outcome: "done" | "powered_off" | "failed", error: RhvError | null): void {
        this.#set(this.#runs.map(run => {
            if (run.id !== id)
                return run;
            if (error)
                return { ...run, failed: new Map(run.failed).set(uuid, error) };
            return outcome === "powered_off"
                ? { ...run, poweredOff: new Set(run.poweredOff).add(uuid) }
                : { ...run, done: new Set(run.done).add(uuid) };
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
    for (const { action, names, done, poweredOff, failed } of runs) {
        for (const uuid of names.keys()) {
            if (!done.has(uuid) && !poweredOff.has(uuid) && !failed.has(uuid))
                pending.set(uuid, action);
        }
    }
    return pending;
}
