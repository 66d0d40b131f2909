// SPDX-License-Identifier: Apache-2.0
import type { JobEvent } from "../../generated/wire";
import type { Live } from "../../rpc/merge";

export type Severity = JobEvent["severity"];
export type Event = Live<JobEvent>;

const WEIGHT: Record<Severity, number> = { info: 0, warning: 1, error: 2 };

/** The events in order, without a task's beginning once its end is known and without the ends of phases that went well. */
export function logRows(events: Record<string, Event>): Event[] {
    const sorted = Object.values(events).sort((a, b) => a.seq - b.seq);
    const ends = new Map<string, number>();
    for (const { type, phase, task, seq } of sorted) {
        if (type === "task_ended")
            ends.set(`${phase ?? ""}/${task ?? ""}`, seq);
    }
    return sorted.filter(({ type, phase, task, seq, severity }) => {
        if (type === "task_started")
            return (ends.get(`${phase ?? ""}/${task ?? ""}`) ?? 0) < seq;
        return type !== "phase_ended" || severity !== "info";
    });
}

export function filterRows(
    rows: readonly Event[], atLeast: Severity, needle: string, textOf: (event: Event) => string,
): Event[] {
    const wanted = needle.trim().toLocaleLowerCase();
    return rows.filter(row => WEIGHT[row.severity] >= WEIGHT[atLeast]
        && (wanted === "" || textOf(row).toLocaleLowerCase().includes(wanted)));
}
