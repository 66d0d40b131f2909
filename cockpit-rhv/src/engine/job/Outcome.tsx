// SPDX-License-Identifier: Apache-2.0
import { href } from "../../app/route";
import { ErrorAlert } from "../../common/ErrorAlert";
import { clock } from "../../format";
import type { JobStatus } from "../../generated/wire";
import { _, text } from "../../i18n";
import type { Live } from "../../rpc/merge";
import { Button } from "../../pf";
import { Notice } from "../../common/Notice";

function where(status: Live<JobStatus>): string | null {
    const phase = status.phases.find(({ id, state }) => id === status.phase || state === "failed");
    return phase ? text(phase.title) : null;
}

function resumeNote(status: Live<JobStatus>): string | null {
    return status.resumable
        ? _("Resuming goes on at the first unfinished phase; what is done is not done again.")
        : null;
}

/** How a job ended, and what to do now. */
export function Outcome({ status }: { status: Live<JobStatus> }) {
    const phase = where(status);
    const note = resumeNote(status);
    switch (status.state) {
    case "queued":
    case "running":
        return null;
    case "succeeded":
        return (
            <Notice variant="success" id="job-succeeded"
                   title={_("Finished in {time}", { time: clock(status.elapsed_s) })}>
                {status.kind === "deploy" &&
                    <Button variant="link" isInline component="a" href={href({ page: "engine" })}>{_("Show the engine")}</Button>}
            </Notice>
        );
    case "failed":
        if (status.error) {
            return (
                <div id="job-failed">
                    <ErrorAlert error={status.error}
                                title={phase === null ? _("The job failed") : _("Failed in the phase “{phase}”", { phase })}>
                        {status.task && <p className="rhv-muted">{_("Task: {task}", { task: text(status.task) })}</p>}
                        {note !== null && <p className="rhv-muted">{note}</p>}
                    </ErrorAlert>
                </div>
            );
        }
        return <Notice variant="danger" id="job-failed" title={_("The job failed")}>{note}</Notice>;
    case "cancelled":
        return <Notice variant="info" id="job-cancelled" title={_("The job was cancelled")}>{note}</Notice>;
    case "interrupted":
        return (
            <Notice variant="warning" id="job-interrupted" title={_("The job was interrupted")}>
                <p>{_("It ended without reporting why; probably this host was restarted.")}</p>
                {note !== null && <p>{note}</p>}
            </Notice>
        );
    }
}
