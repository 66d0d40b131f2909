// SPDX-License-Identifier: Apache-2.0
import { ConfirmDialog } from "../../common/ConfirmDialog";
import type { JobStatus } from "../../generated/wire";
import { _ } from "../../i18n";
import { useCall } from "../../rpc/hooks";
import type { Live } from "../../rpc/merge";

/** Phases that make a guest whole or not at all. */
const ALL_OR_NOTHING = ["create-guest", "clone-guest"];

function consequence({ kind, phases }: Live<JobStatus>): string {
    const phase = phases[0]?.id ?? "";
    if (phase === "shut-down-guests")
        return _("Nothing is powered off. Guests that have been asked to shut down may still do so.");
    if (phase === "snapshot-guest")
        return _("libvirt is asked to stop. Where QEMU cannot be interrupted it finishes what it has begun all the same; the guest's page shows what became of it.");
    if (ALL_OR_NOTHING.includes(phase))
        return _("Everything the job is doing stops at once. Nothing of the new guest stays.");
    switch (kind) {
    case "deploy": return _("Everything the job is doing stops at once. What is already made stays, and a deployment can be resumed later.");
    case "cleanup": return _("Everything the job is doing stops at once. What is already removed is gone; cleaning up again removes the rest.");
    case "upgrade": return _("Everything the job is doing stops at once. The upgrade can be resumed later.");
    case "task": return _("Everything the job is doing stops at once. What is already done stays.");
    }
}

/** Asks before a job is cancelled, and says what that means. */
export function CancelDialog({ status, onClose }: { status: Live<JobStatus>; onClose: () => void }) {
    const call = useCall();
    return (
        <ConfirmDialog title={_("Cancel the job?")} confirm={_("Cancel the job")} cancel={_("Let it run")} danger
                       action={() => call("jobs.cancel", { job: status.id })} onClose={onClose}>
            {consequence(status)}
        </ConfirmDialog>
    );
}
