// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { href } from "../../app/route";
import { ErrorAlert } from "../../common/ErrorAlert";
import { Notice } from "../../common/Notice";
import { bytes, dateTime } from "../../format";
import type { Engine, EngineConfig, UpgradePlan } from "../../generated/wire";
import { _, text } from "../../i18n";
import { usePrivileged } from "../../rpc/hooks";
import type { Live } from "../../rpc/merge";
import { Button, Card, CardBody, CardTitle } from "../../pf";
import { useRunningOperation } from "../RunningNotice";
import { DropDialog, RollbackDialog, UpgradeDialog } from "./dialogs";
import { useUpgradePlan } from "./useUpgradePlan";

type Dialog = "upgrade" | "rollback" | "drop" | null;

interface PartProps {
    plan: UpgradePlan;
    disabled: boolean;
    open: (dialog: Dialog) => void;
}

/** A newer appliance lies on this host. */
function Newer({ plan, disabled, open }: PartProps) {
    if (!plan.newer || !plan.image || (plan.unfinished && plan.refusal))
        return null;
    return (
        <div data-update="newer" className="rhv-stack">
            <p>{_("Version {version} is installed on this host; the engine has version {running}.", { version: plan.image.version, running: plan.running })}</p>
            {plan.refusal && (
                <p className="rhv-muted" id="update-refusal">{text(plan.refusal.message)}{" "}{plan.refusal.hint && text(plan.refusal.hint)}</p>
            )}
            <p>
                <Button onClick={() => open("upgrade")} isDisabled={disabled || plan.refusal !== null} id="update-engine">
                    {_("Update the engine")}
                </Button>
            </p>
        </div>
    );
}

function Unfinished({ plan }: { plan: UpgradePlan }) {
    if (!plan.unfinished)
        return null;
    const { job, version } = plan.unfinished;
    return (
        <Notice variant="warning" id="update-unfinished" title={_("The update to version {version} is unfinished", { version })}>
            <Button variant="link" isInline component="a" href={href({ page: "job", id: job })}>{_("Show its job, to resume it")}</Button>
        </Notice>
    );
}

/** The version before is kept. */
function WayBack({ plan, disabled, open }: PartProps) {
    const { back, previous, unfinished } = plan;
    if (!back)
        return null;
    return (
        <div data-update="back" className="rhv-stack">
            {previous && !unfinished && (
                <p>
                    {previous.size_bytes === null
                        ? _("Version {version} is kept since {date}.", { version: previous.version, date: dateTime(previous.replaced_s) })
                        : _("Version {version} is kept since {date} and takes {size}.", {
                            version: previous.version, date: dateTime(previous.replaced_s), size: bytes(previous.size_bytes),
                        })}
                </p>
            )}
            <p>
                <Button variant="secondary" onClick={() => open("rollback")} isDisabled={disabled} id="update-rollback">
                    {_("Return to version {version}", { version: back.version })}
                </Button>
                {" "}
                {previous && !unfinished && (
                    <Button variant="link" isDanger onClick={() => open("drop")} isDisabled={disabled} id="update-drop">
                        {_("Remove the previous disk")}
                    </Button>
                )}
            </p>
        </div>
    );
}

/** There only while a newer appliance is installed, or while there is a way back. */
export function UpdateCard({ engine, config }: { engine: Live<Engine>; config: Live<EngineConfig> }) {
    const privileged = usePrivileged();
    const operation = useRunningOperation();
    // Each of these may have changed what there is to update, or to return to.
    const reason = [engine.version, engine.health.state, config.previous?.replaced_s, operation?.id, privileged].join();
    const { plan, error } = useUpgradePlan(reason);
    const [dialog, setDialog] = useState<Dialog>(null);
    const close = () => setDialog(null);
    const disabled = !privileged || operation !== null;

    if (!error && !(plan && (plan.newer || plan.unfinished || plan.back)))
        return null;
    return (
        <Card component="section" id="update">
            <CardTitle component="h2">{_("Update")}</CardTitle>
            <CardBody className="rhv-stack">
                {error && <ErrorAlert error={error} title={_("Whether there is an update cannot be told")} />}
                {plan && (
                    <>
                        <Unfinished plan={plan} />
                        <Newer plan={plan} disabled={disabled} open={setDialog} />
                        <WayBack plan={plan} disabled={disabled} open={setDialog} />
                    </>
                )}
            </CardBody>
            {plan && dialog === "upgrade" && <UpgradeDialog plan={plan} onClose={close} />}
            {plan && dialog === "rollback" && <RollbackDialog plan={plan} onClose={close} />}
            {plan && dialog === "drop" && <DropDialog plan={plan} onClose={close} />}
        </Card>
    );
}
