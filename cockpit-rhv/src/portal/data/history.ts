// SPDX-License-Identifier: Apache-2.0
// The last minutes of each host's and guest's load, kept in the page.

import type { Load } from "./model";

export interface Sample {
    /** `performance.now()` of the reading. */
    at: number;
    /** 0 to 100. */
    cpu: number | null;
    /** 0 to 100. */
    memory: number | null;
}

/** The longest time a line shows; a younger one shows what there is. */
const LONGEST_MS = 180_000;
const SHORTEST_MS = 30_000;
const LENGTH = LONGEST_MS / 1500;
const MIN_STEP_MS = 1500;

export function share(used: number | null, total: number | null): number | null {
    return used === null || !total ? null : Math.min(100, 100 * used / total);
}

/** How long the line of these samples is, in milliseconds. */
export function span(samples: readonly Sample[]): number {
    const first = samples[0];
    const last = samples[samples.length - 1];
    return first && last ? Math.min(LONGEST_MS, Math.max(SHORTEST_MS, last.at - first.at)) : SHORTEST_MS;
}

export class History {
    private readonly series = new Map<string, readonly Sample[]>();

    get(id: string): readonly Sample[] {
        return this.series.get(id) ?? [];
    }

    add(id: string, load: Load, at: number): void {
        const sample = { at, cpu: load.cpu, memory: share(load.memoryUsed, load.memoryTotal) };
        if (sample.cpu === null && sample.memory === null) return;
        const before = this.get(id);
        const last = before[before.length - 1];
        // Two readings in quick succession are one point; its newer value counts.
        const kept = last && at - last.at < MIN_STEP_MS ? before.slice(0, -1) : before;
        this.series.set(id, [...kept, { ...sample, at: kept === before ? at : last?.at ?? at }].slice(-LENGTH));
    }

    /** Forget what is no longer there. */
    keep(ids: ReadonlySet<string>): void {
        for (const id of this.series.keys()) if (!ids.has(id)) this.series.delete(id);
    }
}
