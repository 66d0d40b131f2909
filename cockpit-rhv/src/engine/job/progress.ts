// SPDX-License-Identifier: Apache-2.0
import type { JobStatus } from "../../generated/wire";
import type { Live } from "../../rpc/merge";

export interface Estimate {
    /** 0 to 1 of the whole job. */
    ratio: number;
    remaining_s: number;
    /** The running phase takes longer than it was expected to. */
    overdue: boolean;
}

/** A phase that overruns its time creeps on but does not pretend to be done. */
const OVERRUN_RATIO = 0.95;
/** Below this share, bytes per second are too rough to foretell anything. */
const TELLING_RATIO = 0.05;

/** How far a job is, each phase weighing what it is expected to take. `elapsedNow` is the job's clock in this browser. */
export function estimateProgress(status: Live<JobStatus>, elapsedNow: number): Estimate {
    const since = Math.max(0, elapsedNow - status.elapsed_s);
    let total = 0;
    let done = 0;
    let remaining = 0;
    let overdue = false;
    for (const phase of status.phases) {
        const expected = Math.max(1, phase.expected_s);
        total += expected;
        if (phase.state === "done") {
            done += expected;
        } else if (phase.state === "running") {
            const elapsed = (phase.elapsed_s ?? 0) + since;
            const measured = measuredRatio(status);
            const ratio = measured ?? Math.min(OVERRUN_RATIO, elapsed / expected);
            done += expected * ratio;
            overdue = measured === null && elapsed > expected;
            remaining += measured !== null && measured > TELLING_RATIO
                ? elapsed * (1 - measured) / measured
                : Math.max(0, expected - elapsed);
        } else {
            remaining += expected;
        }
    }
    return { ratio: total > 0 ? done / total : 0, remaining_s: remaining, overdue };
}

function measuredRatio(status: Live<JobStatus>): number | null {
    const { progress } = status;
    if (progress?.unit !== "bytes" || progress.total === undefined || progress.total <= 0)
        return null;
    return Math.min(1, progress.done / progress.total);
}
