// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { FROM_LOGS, href } from "../app/route";
import { ConfirmDialog } from "../common/ConfirmDialog";
import { ErrorAlert } from "../common/ErrorAlert";
import { Status } from "../common/Status";
import { useRunning } from "../common/time";
import { clock } from "../format";
import type { JobStatus } from "../generated/wire";
import { _, text } from "../i18n";
import { useCall, usePrivileged, useTopic } from "../rpc/hooks";
import type { Live } from "../rpc/merge";
import { Button } from "../pf";
import { Progress } from "./pf";

function Running({ status }: { status: Live<JobStatus> }) {
    const call = useCall();
    const privileged = usePrivileged();
    const [asking, setAsking] = useState(false);
    const elapsed = useRunning(status.elapsed_s, status.state === "running");
    const { progress } = status;
    const step = progress?.message ? text(progress.message) : text(status.task ?? status.title);
    const total = progress?.total ?? 0;
    return (
        <>
            <Progress id="collect-progress" size="sm" title={step} value={total > 0 ? 100 * Math.min(1, (progress?.done ?? 0) / total) : 0}
                      label={clock(elapsed)} valueText={step} />
            <Button variant="secondary" size="sm" onClick={() => setAsking(true)} isDisabled={!privileged} id="collect-cancel">
                {_("Cancel the job")}
            </Button>
            {asking && (
                <ConfirmDialog title={_("Cancel the job?")} confirm={_("Cancel the job")} cancel={_("Let it run")} danger
                               action={() => call("jobs.cancel", { job: status.id })} onClose={() => setAsking(false)}>
                    {_("What is collected so far is thrown away.")}
                </ConfirmDialog>
            )}
        </>
    );
}

/** A collection, from its start to its end. */
export function Collecting({ job }: { job: string }) {
    const topic = useTopic(`job/${job}`);
    if (topic.state === "loading")
        return null;
    if (topic.state === "error")
        return <ErrorAlert error={topic.error} variant="warning" />;
    const { status, events } = topic.value;
    const active = status.state === "queued" || status.state === "running";
    const warnings = Object.values(events).filter(({ type, severity }) => type === "log" && severity === "warning");
    return (
        <div className="rhv-logs__job" data-collect={status.state} role={active ? undefined : "status"}>
            {active && <Running status={status} />}
            {status.state === "succeeded" && <Status tone="good">{_("The archive is ready.")}</Status>}
            {(status.state === "cancelled" || status.state === "interrupted") && (
                <Status tone="warning">{_("This was stopped before it was done; nothing was kept.")}</Status>
            )}
            {status.state === "failed" && (status.error
                ? <ErrorAlert error={status.error} title={_("The logs could not be collected")} />
                : <Status tone="bad">{_("The logs could not be collected")}</Status>)}
            {warnings.map(({ seq, message }) => <Status key={seq} tone="warning">{text(message)}</Status>)}
            <span><Button variant="link" isInline component="a" href={href({ page: "job", id: job, from: FROM_LOGS })}>{_("Show its log")}</Button></span>
        </div>
    );
}
