// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";

import { currentRoute, go } from "../app/route";
import { ErrorAlert } from "../common/ErrorAlert";
import { Notice } from "../common/Notice";
import { bytes } from "../format";
import type { MachinesRemovalPlanResult, RhvError } from "../generated/wire";
import type { Guest } from "../guests/states";
import { _, plural, text } from "../i18n";
import { Skeleton } from "../pf";
import { useCall } from "../rpc/hooks";
import { asError } from "../rpc/topics";
import { EditDialog } from "./EditDialog";
import { Checkbox } from "./pf";
import { taskStore } from "./tasks";

type OwnDisk = MachinesRemovalPlanResult["disks"][number];

/** Whoever is still looking at the guest when it is gone is led to the others. */
function leave(uuid: string): void {
    const route = currentRoute();
    if (route.page === "guest" && route.uuid === uuid)
        go({ page: "guests", query: route.query });
}

function Disk({ disk, chosen, onChoose }: { disk: OwnDisk; chosen: boolean; onChoose: (chosen: boolean) => void }) {
    const size = disk.size_bytes === null ? "" : ` (${bytes(disk.size_bytes)})`;
    return (
        <Checkbox id={`remove-${disk.target}`} isChecked={chosen} isDisabled={disk.kept !== null}
                  onChange={(_event, checked) => onChoose(checked)} label={<span className="rhv-mono">{disk.path ?? disk.source}</span>}
                  description={disk.kept ? _("stays: {why}", { why: text(disk.kept) }) : `${disk.target}${size}`} />
    );
}

function Always({ plan }: { plan: MachinesRemovalPlanResult }) {
    const gone = [
        plan.snapshots > 0 && plural("the list of its {count} snapshot", "the list of its {count} snapshots", plan.snapshots),
        plan.saved && _("its saved memory"),
        plan.nvram && _("its EFI variables"),
    ].filter(part => part !== false);
    return gone.length > 0 ? <p>{_("This goes with it: {things}.", { things: gone.join(", ") })}</p> : null;
}

/** Names what is lost; a disk stays unless it is ticked. */
export function RemoveDialog({ guest: { uuid, name }, onClose }: { guest: Guest; onClose: () => void }) {
    const call = useCall();
    const [plan, setPlan] = useState<MachinesRemovalPlanResult | null>(null);
    const [error, setError] = useState<RhvError | null>(null);
    const [paths, setPaths] = useState<readonly string[]>([]);
    useEffect(() => {
        let wanted = true;
        call("machines.removal_plan", { uuid }).then(
            result => wanted && setPlan(result),
            (reason: unknown) => wanted && setError(asError(reason).error),
        );
        return () => {
            wanted = false;
        };
    }, [call, uuid]);
    const remove = () => {
        const work = call("machines.remove", { uuid, paths: [...paths] }).then(() => leave(uuid));
        void taskStore.start(uuid, _("Removing {name}", { name }), work);
        return Promise.resolve();
    };
    const choose = (path: string, chosen: boolean) =>
        setPaths(known => (chosen ? [...known, path] : known.filter(other => other !== path)));
    return (
        <EditDialog title={_("Remove {name}?", { name })} danger isDisabled={!plan?.off} onClose={onClose} action={remove}
                    confirm={paths.length > 0 ? plural("Remove with {count} disk", "Remove with {count} disks", paths.length) : _("Remove, keep the disks")}>
            {error && <ErrorAlert error={error} title={_("What goes with this guest cannot be read")} />}
            {!plan && !error && <Skeleton screenreaderText={_("Loading")} />}
            {plan && !plan.off && <Notice variant="warning" title={_("The guest is not off")}>{_("Shut it down or power it off first.")}</Notice>}
            {plan && (
                <>
                    <p>{_("The guest's definition is deleted. This cannot be undone.")}</p>
                    <Always plan={plan} />
                    {plan.disks.length > 0 && (
                        <div role="group" aria-labelledby="remove-disks" className="rhv-stack">
                            <strong id="remove-disks">{_("Delete these disks with everything on them, too")}</strong>
                            {plan.disks.map(disk => (
                                <Disk key={disk.target} disk={disk} chosen={disk.path !== null && paths.includes(disk.path)}
                                      onChoose={chosen => disk.path !== null && choose(disk.path, chosen)} />
                            ))}
                        </div>
                    )}
                </>
            )}
        </EditDialog>
    );
}
