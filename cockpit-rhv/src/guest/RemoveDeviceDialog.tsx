// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { ErrorAlert } from "../common/ErrorAlert";
import { _, text } from "../i18n";
import { Skeleton } from "../pf";
import { useCall } from "../rpc/hooks";
import { EditDialog } from "./EditDialog";
import { Checkbox } from "./pf";
import type { Disk, Nic } from "./types";
import { useAnswer } from "./useAnswer";
import { WhenGroup, type When } from "./WhenGroup";
import { diskWord } from "./words";

interface Common {
    uuid: string;
    name: string;
    /** Which definitions have the device. */
    there: When;
    onClose: () => void;
}

function Held() {
    return <p className="rhv-muted">{_("A guest that runs has to let go of it: its system may refuse, or not be there to agree.")}</p>;
}

/** The image of a disk stays unless it is ticked. */
export function RemoveDiskDialog({ uuid, name, disk, there, snapshots, onClose }: Common & { disk: Disk; snapshots: number }) {
    const call = useCall();
    const plan = useAnswer("machines.removal_plan", { uuid });
    const [when, setWhen] = useState(there);
    const [ticked, setTicked] = useState(false);
    const own = plan.value?.disks.find(one => one.target === disk.target);
    const whole = when.now === there.now && when.next === there.next;
    const deletes = ticked && whole;
    const isDisk = disk.device === "disk" || disk.device === "lun";
    const kept = own?.kept ? _("stays: {why}", { why: text(own.kept) }) : _("Everything on it is lost.");
    return (
        <EditDialog title={_("Remove {device} from {name}?", { device: diskWord(disk), name })} danger onClose={onClose}
                    confirm={deletes ? _("Remove and delete the image") : isDisk ? _("Remove, keep the image") : _("Remove")}
                    isDisabled={!when.now && !when.next}
                    action={() => call("machines.remove_disk", { uuid, target: disk.target, delete: deletes, ...when })}>
            {isDisk && <p>{_("The guest cannot read or write it any more. Its image stays where it is, unless you tick it below.")}</p>}
            {there.now && <Held />}
            <WhenGroup id="remove" there={there} when={when} onWhen={setWhen} />
            {isDisk && plan.error && <ErrorAlert error={plan.error} title={_("Whether the image can be deleted cannot be read")} variant="warning" />}
            {isDisk && !plan.value && !plan.error && <Skeleton screenreaderText={_("Loading")} />}
            {isDisk && own && (
                <Checkbox id="remove-image" isChecked={deletes} isDisabled={own.kept !== null || !whole} onChange={(_event, checked) => setTicked(checked)}
                          label={<>{_("Delete the image, too:")} <span className="rhv-path">{own.path ?? own.source}</span></>}
                          description={whole || own.kept ? kept : _("The guest itself would still use it.")} />
            )}
            {deletes && snapshots > 0 && <p>{_("The guest cannot go back to its snapshots without this disk.")}</p>}
        </EditDialog>
    );
}

export function RemoveNicDialog({ uuid, name, nic, there, onClose }: Common & { nic: Nic }) {
    const call = useCall();
    const [when, setWhen] = useState(there);
    return (
        <EditDialog title={_("Remove {device} from {name}?", { device: _("Network {name}", { name: nic.mac }), name })} danger onClose={onClose}
                    confirm={_("Remove")} isDisabled={!when.now && !when.next}
                    action={() => call("machines.remove_nic", { uuid, mac: nic.mac, ...when })}>
            <p>{_("The guest is not reached through this card any more.")}</p>
            {there.now && <Held />}
            <WhenGroup id="remove" there={there} when={when} onWhen={setWhen} />
        </EditDialog>
    );
}
