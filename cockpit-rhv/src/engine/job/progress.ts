// SPDX-License-Identifier: Apache-2.0
import type { JobStatus, PhaseStatus } from "../../generated/wire";
import type { Live } from "../../rpc/merge";

export interface Estimate {
    /** 0 to 1 of the whole job. */
    ratio: number;
    remaining_s: number;
    /** By how much `remaining_s` may be wrong. */
    unsure_s: number;
    /** The running phase takes longer than it was expected to. */
    overdue: boolean;
}

/** A phase that overruns its time creeps on but does not pretend to be done. */
const OVERRUN_RATIO = 0.95;
/** Below this share, bytes per second are too rough to foretell anything. */
const TELLING_RATIO = 0.05;
/** How wrong an expected duration may be when nobody has said so. */
const UNSURE_RATIO = 0.5;

/** How far a job is, each phase weighing what it is expected to take. `elapsedNow` is the job's clock in this browser. */
export function estimateProgress(status: Live<JobStatus>, elapsedNow: number): Estimate {
    const since = Math.max(0, elapsedNow - status.elapsed_s);
    let total = 0;
    let done = 0;
    let remaining = 0;
    let variance = 0;
    let overdue = false;
    for (const phase of status.phases) {
        const expected = Math.max(1, phase.expected_s);
        total += expected;
        if (phase.state === "done") {
            done += expected;
            continue;
        }
        let unsure = unsureOf(phase);
        if (phase.state === "running") {
            const elapsed = (phase.elapsed_s ?? 0) + since;
            const measured = measuredRatio(status);
            const ratio = measured ?? Math.min(OVERRUN_RATIO, elapsed / expected);
            done += expected * ratio;
            overdue = measured === null && elapsed > expected;
            const telling = measured !== null && measured > TELLING_RATIO;
            remaining += telling ? elapsed * (1 - measured) / measured : Math.max(0, expected - elapsed);
            // What has been copied already can no longer take longer than expected.
            if (telling)
                unsure *= 1 - measured;
        } else {
            remaining += expected;
        }
        // Phases err independently of each other: some take longer, some less.
        variance += unsure ** 2;
    }
    return { ratio: total > 0 ? done / total : 0, remaining_s: remaining, unsure_s: Math.sqrt(variance), overdue };
}

function unsureOf(phase: Live<PhaseStatus>): number {
    return phase.unsure_s ?? UNSURE_RATIO * phase.expected_s;
}

function measuredRatio(status: Live<JobStatus>): number | null {
    const { progress } = status;
    if (progress?.unit !== "bytes" || progress.total === undefined || progress.total <= 0)
        return null;
    return Math.min(1, progress.done / progress.total);
}

/**
 * The remaining time to show: a new estimate may take back from what was said no more than was said to be unsure.
 * `last`: what was shown `passed_s` ago, or null.
 */
export function steadyRemaining(last: number | null, passed_s: number, now: Estimate): number {
    if (last === null)
        return now.remaining_s;
    return Math.max(0, Math.min(now.remaining_s, last - passed_s + now.unsure_s));
}
