// SPDX-License-Identifier: Apache-2.0
import { useCallback, useEffect, useState } from "react";

import { go } from "../../app/route";
import { ErrorAlert } from "../../common/ErrorAlert";
import { Notice } from "../../common/Notice";
import { Modal, ModalBody, ModalFooter, ModalHeader } from "../../common/modal";
import type { CleanupPlan, RhvError } from "../../generated/wire";
import { _ } from "../../i18n";
import { useCall } from "../../rpc/hooks";
import { asError } from "../../rpc/topics";
import { Button, Skeleton } from "../../pf";
import { CleanupList } from "./CleanupList";
import { TypedName } from "./TypedName";

/** The host refuses a fingerprint of things that are no longer so. */
const CHANGED: readonly string[] = ["cleanup.changed", "cleanup.nothing"];

interface CleanupDialogProps {
    /** A finished engine is removed, not the rest of a deployment. */
    engine: boolean;
    onClose: () => void;
}

/** Shows exactly what will be removed, and removes nothing else. */
export default function CleanupDialog({ engine, onClose }: CleanupDialogProps) {
    const call = useCall();
    const [plan, setPlan] = useState<CleanupPlan | null>(null);
    const [error, setError] = useState<RhvError | null>(null);
    const [changed, setChanged] = useState(false);
    const [typed, setTyped] = useState("");
    const [busy, setBusy] = useState(false);

    const load = useCallback(() => call("deploy.cleanup_plan", {})
        .then(setPlan, (reason: unknown) => setError(asError(reason).error)), [call]);
    useEffect(() => void load(), [load]);

    const name = plan?.loses_engine ? plan.engine : null;
    const empty = plan?.items.length === 0;
    const start = ({ fingerprint }: CleanupPlan) => {
        setBusy(true);
        setError(null);
        setChanged(false);
        call("deploy.cleanup", { fingerprint, ...(name !== null && { engine: typed.trim() }) })
            .then(({ job }) => go({ page: "job", id: job }))
            .catch(async (reason: unknown) => {
                const refused = asError(reason).error;
                if (CHANGED.includes(refused.code)) {
                    await load();
                    setChanged(true);
                } else {
                    setError(refused);
                }
            }).finally(() => setBusy(false));
    };

    return (
        <Modal isOpen variant="medium" onEscapePress={onClose} appendTo={() => document.querySelector("main") ?? document.body}
               aria-labelledby="cleanup-title" aria-describedby="cleanup-intro" id="cleanup-dialog">
            <ModalHeader title={engine ? _("Remove the engine?") : _("Clean up after the deployment?")} labelId="cleanup-title" />
            <ModalBody className="rhv-stack" tabIndex={0} aria-label={_("What is removed")}>
                {error && <ErrorAlert error={error} />}
                {changed && (
                    <Notice variant="warning" id="cleanup-changed" title={_("What is there has changed meanwhile")}>
                        {_("Nothing was removed. This is the list as it is now.")}
                    </Notice>
                )}
                <p id="cleanup-intro">
                    {empty ? _("There is nothing to remove: no deployment has left anything on this host.")
                        : plan?.loses_engine ? _("The engine and everything in it is gone for good: users, permissions, events and what it knows of its hosts. Guests on the hosts go on running.")
                            : plan?.complete === false ? _("Exactly this is removed. More of the deployment may be left: see what stays.")
                                : _("Exactly this is removed; the host is then as it was before the deployment.")}
                </p>
                {!plan && !error && <Skeleton screenreaderText={_("Loading")} width="60%" />}
                {plan && <CleanupList plan={plan} />}
            </ModalBody>
            <ModalFooter className="rhv-cleanup__footer">
                {name !== null && !empty && <TypedName name={name} value={typed} onChange={setTyped} />}
                {plan && !empty && (
                    <Button variant="danger" onClick={() => start(plan)} isLoading={busy} spinnerAriaValueText={_("Running")}
                            isDisabled={busy || (name !== null && typed.trim() !== name)} id="start-cleanup">
                        {plan.loses_engine ? _("Remove the engine") : _("Clean up")}
                    </Button>
                )}
                <Button variant="link" onClick={onClose}>{empty ? _("Close") : _("Cancel")}</Button>
            </ModalFooter>
        </Modal>
    );
}
