// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { Progress } from "./pf";
import { bytes, clock, duration, estimate, percent } from "../../format";
import type { JobStatus } from "../../generated/wire";
import { _, text } from "../../i18n";
import type { Live } from "../../rpc/merge";
import { estimateProgress, steadyRemaining, type Estimate } from "./progress";

function phaseTitle(status: Live<JobStatus>): string {
    const phase = status.phases.find(candidate => candidate.id === status.phase);
    return phase ? text(phase.title) : text(status.title);
}

/** No more precise than what is shown before it, and nothing where it would say nothing. */
const UNSURE_STEP_S = 5;

function remaining(shown_s: number, { unsure_s, overdue }: Estimate): string {
    if (overdue)
        return _("taking longer than expected");
    const time = estimate(shown_s);
    const unsure = Math.round(Math.min(unsure_s, shown_s) / UNSURE_STEP_S) * UNSURE_STEP_S;
    return unsure < UNSURE_STEP_S
        ? _("{time} remaining", { time })
        : _("{time} (± {unsure}) remaining", { time, unsure: duration(unsure) });
}

function TaskProgress({ status }: { status: Live<JobStatus> }) {
    const { progress } = status;
    const total = progress?.total ?? 0;
    const task = status.task ? text(status.task) : "";
    if (!progress || total <= 0)
        // The line keeps its height, so that nothing jumps between two tasks.
        return <p className="rhv-progress__task" data-task>{task === "" ? "\u00a0" : task}</p>;
    const ratio = Math.min(1, progress.done / total);
    const label = progress.unit === "bytes"
        ? _("{done} of {total}", { done: bytes(progress.done), total: bytes(total) })
        : _("{done} of {total}", progress.unit === "seconds"
            ? { done: duration(progress.done), total: duration(total) }
            : { done: progress.done, total });
    return (
        <Progress id="task-progress" size="sm" value={ratio * 100} label={label} valueText={label}
                  title={<span data-task>{progress.message ? text(progress.message) : task}</span>} measureLocation="top" />
    );
}

/** The whole job as one bar that never goes back, the time it still takes, and what it is doing at the moment. */
export function JobProgress({ status, elapsed }: { status: Live<JobStatus>; elapsed: number }) {
    const now = estimateProgress(status, elapsed);
    const [shown, setShown] = useState({ attempt: status.attempt, ratio: 0, status, elapsed, remaining_s: now.remaining_s });
    let { ratio, remaining_s } = shown;
    if (shown.attempt !== status.attempt || shown.status !== status || shown.elapsed !== elapsed) {
        const same = shown.attempt === status.attempt;
        ratio = same ? Math.max(shown.ratio, now.ratio) : now.ratio;
        remaining_s = steadyRemaining(same ? shown.remaining_s : null, Math.max(0, elapsed - shown.elapsed), now);
        setShown({ attempt: status.attempt, ratio, status, elapsed, remaining_s });
    }

    return (
        <div className="rhv-progress">
            <Progress id="job-progress" value={Math.floor(ratio * 100)} title={<b>{phaseTitle(status)}</b>}
                      label={percent(Math.floor(ratio * 100) / 100)} measureLocation="top" />
            <p className="rhv-progress__line">
                <span data-elapsed>{_("{time} elapsed", { time: clock(elapsed) })}</span>
                <span data-remaining>{remaining(remaining_s, now)}</span>
            </p>
            <TaskProgress status={status} />
            <div className="pf-v6-screen-reader" aria-live="polite">{phaseTitle(status)}</div>
        </div>
    );
}
