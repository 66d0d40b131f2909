// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { ConfirmDialog } from "../../common/ConfirmDialog";
import type { JobStatus } from "../../generated/wire";
import { _ } from "../../i18n";
import { useCall, usePrivileged } from "../../rpc/hooks";
import type { Live } from "../../rpc/merge";
import { Button } from "../../pf";

/** Phases that make a guest whole or not at all. */
const ALL_OR_NOTHING = ["create-guest", "clone-guest"];

function consequence({ kind, phases }: Live<JobStatus>): string {
    if (ALL_OR_NOTHING.includes(phases[0]?.id ?? ""))
        return _("Everything the job is doing stops at once. Nothing of the new guest stays.");
    switch (kind) {
    case "deploy": return _("Everything the job is doing stops at once. What is already made stays, and a deployment can be resumed later.");
    case "cleanup": return _("Everything the job is doing stops at once. What is already removed is gone; cleaning up again removes the rest.");
    case "upgrade": return _("Everything the job is doing stops at once. The upgrade can be resumed later.");
    case "task": return _("Everything the job is doing stops at once. What is already done stays.");
    }
}

function CancelDialog({ status, onClose }: { status: Live<JobStatus>; onClose: () => void }) {
    const call = useCall();
    return (
        <ConfirmDialog title={_("Cancel the job?")} confirm={_("Cancel the job")} cancel={_("Let it run")} danger
                       action={() => call("jobs.cancel", { job: status.id })} onClose={onClose}>
            {consequence(status)}
        </ConfirmDialog>
    );
}

/** What can be done with a job while it runs; the rest stands where it says how it ended. */
export function JobActions({ status }: { status: Live<JobStatus> }) {
    const privileged = usePrivileged();
    const [cancelling, setCancelling] = useState(false);
    if (status.state !== "running" && status.state !== "queued")
        return null;
    return (
        <>
            <Button variant="secondary" onClick={() => setCancelling(true)} isDisabled={!privileged} id="cancel-job">
                {_("Cancel the job")}
            </Button>
            {cancelling && <CancelDialog status={status} onClose={() => setCancelling(false)} />}
        </>
    );
}
