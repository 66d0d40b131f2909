// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { go } from "../../app/route";
import { ConfirmDialog } from "../../common/ConfirmDialog";
import type { JobStatus, RhvError } from "../../generated/wire";
import { _ } from "../../i18n";
import { useCall, usePrivileged } from "../../rpc/hooks";
import { asError } from "../../rpc/topics";
import type { Live } from "../../rpc/merge";
import { Button } from "../../pf";

interface JobActionsProps {
    status: Live<JobStatus>;
    onError: (error: RhvError | null) => void;
}

function CancelDialog({ job, onClose }: { job: string; onClose: () => void }) {
    const call = useCall();
    return (
        <ConfirmDialog title={_("Cancel the job?")} confirm={_("Cancel the job")} cancel={_("Let it run")} danger
                       action={() => call("jobs.cancel", { job })} onClose={onClose}>
            {_("Everything the job is doing stops at once. What is already made stays, and a deployment can be resumed later.")}
        </ConfirmDialog>
    );
}

export function JobActions({ status, onError }: JobActionsProps) {
    const call = useCall();
    const privileged = usePrivileged();
    const [cancelling, setCancelling] = useState(false);
    const [resuming, setResuming] = useState(false);
    const running = status.state === "running" || status.state === "queued";

    const resume = () => {
        setResuming(true);
        onError(null);
        call("jobs.resume", { job: status.id })
            .then(({ job }) => {
                if (job !== status.id)
                    go({ page: "job", id: job });
            })
            .catch((reason: unknown) => onError(asError(reason).error))
            .finally(() => setResuming(false));
    };

    return (
        <>
            {status.resumable && !running && (
                <Button onClick={resume} isLoading={resuming} spinnerAriaValueText={_("Running")} id="resume-job"
                        isDisabled={resuming || !privileged}>
                    {_("Resume")}
                </Button>
            )}
            {status.kind === "deploy" && status.resumable && !running && (
                <Button variant="secondary" onClick={() => go({ page: "deploy", step: null })} isDisabled={!privileged}>
                    {_("Deploy with other answers")}
                </Button>
            )}
            {running && (
                <Button variant="secondary" onClick={() => setCancelling(true)} isDisabled={!privileged} id="cancel-job">
                    {_("Cancel the job")}
                </Button>
            )}
            {cancelling && <CancelDialog job={status.id} onClose={() => setCancelling(false)} />}
        </>
    );
}
