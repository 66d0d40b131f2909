// SPDX-License-Identifier: Apache-2.0
import { href } from "../../app/route";
import { ErrorAlert } from "../../common/ErrorAlert";
import { clock } from "../../format";
import type { JobStatus } from "../../generated/wire";
import { _, text } from "../../i18n";
import type { Live } from "../../rpc/merge";
import { Alert, Button } from "../../pf";

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
            <Alert variant="success" isInline id="job-succeeded"
                   title={_("Finished in {time}", { time: clock(status.elapsed_s) })}>
                {status.kind === "deploy" &&
                    <Button variant="link" isInline component="a" href={href({ page: "engine" })}>{_("Show the engine")}</Button>}
            </Alert>
        );
    case "failed":
        if (status.error) {
            return (
                <div id="job-failed">
                    <ErrorAlert error={status.error}
                                title={phase === null ? _("The job failed") : _("Failed in the phase “{phase}”", { phase })}>
                        {status.task && <p>{_("Task: {task}", { task: text(status.task) })}</p>}
                        {note !== null && <p>{note}</p>}
                    </ErrorAlert>
                </div>
            );
        }
        return <Alert variant="danger" isInline id="job-failed" title={_("The job failed")}>{note}</Alert>;
    case "cancelled":
        return <Alert variant="info" isInline id="job-cancelled" title={_("The job was cancelled")}>{note}</Alert>;
    case "interrupted":
        return (
            <Alert variant="warning" isInline id="job-interrupted" title={_("The job was interrupted")}>
                <p>{_("It ended without reporting why; probably this host was restarted.")}</p>
                {note !== null && <p>{note}</p>}
            </Alert>
        );
    }
}
