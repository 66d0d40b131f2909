// SPDX-License-Identifier: Apache-2.0
// Detached jobs that work on guests: whoever looks sees them, whoever started them.
import { useState, useSyncExternalStore } from "react";

import type { JobStatus } from "../generated/wire";
import { useTopicValue } from "../rpc/hooks";
import type { Live } from "../rpc/merge";
import type { Doing } from "./states";

export type GuestJob = Live<JobStatus>;

/** Seconds for which the end of a job is told: its page tells it for as long as it is kept. */
const TOLD_S = 3600;

const KINDS: Readonly<Record<string, Doing>> = { "snapshot-guest": "snapshot", "shut-down-guests": "shutdown" };

/** What a job does to guests; undefined of any other job. */
export function doingOf({ phases }: GuestJob): Doing | undefined {
    return KINDS[phases[0]?.id ?? ""];
}

export function isRunning({ state }: GuestJob): boolean {
    return state === "queued" || state === "running";
}

/** Jobs to tell of, the newest first. `uuid`: of one guest, null for all. `now_s`: by the clock that `ended_s` counts in. */
export function toldJobs(jobs: Record<string, GuestJob>, uuid: string | null, dismissed: ReadonlySet<string>, now_s: number): GuestJob[] {
    return Object.values(jobs).filter(job => {
        if (doingOf(job) === undefined || (uuid !== null && !job.guests?.includes(uuid)))
            return false;
        return isRunning(job) || (!dismissed.has(attemptOf(job)) && now_s - (job.ended_s ?? 0) < TOLD_S);
    }).sort((a, b) => b.created_s - a.created_s);
}

/** What jobs do to each guest now. Whoever is off has shut down, while others of the job may still run. */
export function pendingJobs(jobs: Record<string, GuestJob>, isActive: (uuid: string) => boolean): ReadonlyMap<string, Doing> {
    const pending = new Map<string, Doing>();
    for (const job of Object.values(jobs)) {
        const doing = doingOf(job);
        if (doing === undefined || !isRunning(job))
            continue;
        for (const uuid of job.guests ?? []) {
            if (doing !== "shutdown" || isActive(uuid))
                pending.set(uuid, doing);
        }
    }
    return pending;
}

/** A job that was resumed ends anew. */
function attemptOf({ id, attempt }: GuestJob): string {
    return `${id}/${String(attempt)}`;
}

class Dismissed {
    #ids: ReadonlySet<string> = new Set();
    readonly #listeners = new Set<() => void>();

    readonly get = (): ReadonlySet<string> => this.#ids;

    readonly subscribe = (listener: () => void): () => void => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
    };

    add(job: GuestJob): void {
        this.#ids = new Set(this.#ids).add(attemptOf(job));
        for (const listener of this.#listeners)
            listener();
    }
}

const dismissed = new Dismissed();

export function dismissJob(job: GuestJob): void {
    dismissed.add(job);
}

const NONE: Record<string, GuestJob> = {};

export function useJobs(): Record<string, GuestJob> {
    return useTopicValue("jobs")?.jobs ?? NONE;
}

export function useToldJobs(uuid: string | null): GuestJob[] {
    const gone = useSyncExternalStore(dismissed.subscribe, dismissed.get);
    // What ends while the page is open is told until it is dismissed.
    const [opened_s] = useState(() => Date.now() / 1000);
    return toldJobs(useJobs(), uuid, gone, opened_s);
}
