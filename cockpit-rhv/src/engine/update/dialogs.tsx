// SPDX-License-Identifier: Apache-2.0
import { go } from "../../app/route";
import { ConfirmDialog } from "../../common/ConfirmDialog";
import { estimate } from "../../format";
import type { UpgradePlan } from "../../generated/wire";
import { _, text } from "../../i18n";
import { useCall } from "../../rpc/hooks";

interface DialogProps {
    plan: UpgradePlan;
    onClose: () => void;
}

const show = ({ job }: { job: string }) => go({ page: "job", id: job });

/** Says what will happen; the version goes along, so that what is done is what was shown. */
export function UpgradeDialog({ plan, onClose }: DialogProps) {
    const call = useCall();
    const version = plan.image?.version ?? "";
    const seconds = plan.phases.reduce((sum, phase) => sum + phase.expected_s, 0);
    return (
        <ConfirmDialog title={_("Update the engine to version {version}?", { version })} confirm={_("Update the engine")} onClose={onClose}
                       action={() => call("engine.upgrade", { version }).then(show)}>
            <div className="rhv-stack">
                {plan.notes.map(note => <p key={note.id}>{text(note)}</p>)}
                <p className="rhv-muted">{_("Takes {time}", { time: estimate(seconds) })}</p>
            </div>
        </ConfirmDialog>
    );
}

export function RollbackDialog({ plan, onClose }: DialogProps) {
    const call = useCall();
    const version = plan.back?.version ?? "";
    return (
        <ConfirmDialog title={_("Return to version {version}?", { version })} confirm={_("Return to version {version}", { version })} danger onClose={onClose}
                       action={() => call("engine.rollback", {}).then(show)}>
            {plan.back && text(plan.back.loss)}
        </ConfirmDialog>
    );
}

export function DropDialog({ plan, onClose }: DialogProps) {
    const call = useCall();
    const version = plan.previous?.version ?? "";
    return (
        <ConfirmDialog title={_("Remove the disk of version {version}?", { version })} confirm={_("Remove the previous disk")} danger onClose={onClose}
                       action={() => call("engine.drop_previous", {})}>
            {_("Its space is free again. After that there is no way back to that version.")}
        </ConfirmDialog>
    );
}
