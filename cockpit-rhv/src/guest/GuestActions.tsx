// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { ActDialog, needsConfirmation } from "../guests/ActDialog";
import { ActionMenu } from "../guests/ActionMenu";
import { pendingActions, runStore, useRuns } from "../guests/runs";
import { actionTitle, applies, isProtected, type Action, type Guest } from "../guests/states";
import { _ } from "../i18n";
import { Button } from "../pf";
import { useCall, useMayChange } from "../rpc/hooks";
import { RemoveDialog } from "./RemoveDialog";

/** What one most likely came for. */
const FIRST: readonly Action[] = ["start", "resume", "shutdown"];

/** The same as in the list, for one guest. */
export function GuestActions({ guest }: { guest: Guest }) {
    const call = useCall();
    const privileged = useMayChange();
    const pending = pendingActions(useRuns()).has(guest.uuid);
    const [asked, setAsked] = useState<Action | null>(null);
    const [removing, setRemoving] = useState(false);
    const run = (action: Action, wait_s: number | null = null) => {
        setAsked(null);
        const names = new Map([[guest.uuid, guest.name]]);
        void (wait_s === null ? runStore.start(call, action, names) : runStore.shutDown(call, names, wait_s));
    };
    const onAction = (action: Action) => (needsConfirmation(action) ? setAsked(action) : run(action));
    if (isProtected(guest))
        return null;
    const first = FIRST.find(action => applies(action, guest));
    return (
        <>
            {first && (
                <Button variant={first === "shutdown" ? "secondary" : "primary"} isDisabled={!privileged || pending} id={`guest-${first}`}
                        onClick={() => onAction(first)}>
                    {actionTitle(first)}
                </Button>
            )}
            <ActionMenu guests={[guest]} label={_("Actions for {name}", { name: guest.name })} text={_("Actions")}
                        isDisabled={!privileged || pending || guest.state === "unknown"} cloneOf={guest} onAction={onAction} />
            <Button variant="link" isDanger isDisabled={!privileged || pending || guest.state === "unknown"} id="guest-remove"
                    onClick={() => setRemoving(true)}>
                {_("Remove")}
            </Button>
            {removing && <RemoveDialog guest={guest} onClose={() => setRemoving(false)} />}
            {asked && needsConfirmation(asked) && (
                <ActDialog action={asked} guests={[guest]} onClose={() => setAsked(null)} onConfirm={wait_s => run(asked, wait_s)} />
            )}
        </>
    );
}
