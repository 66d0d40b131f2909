// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { dateTime } from "../format";
import type { Guest } from "../guests/states";
import { _, plural } from "../i18n";
import { useCall } from "../rpc/hooks";
import { EditDialog } from "./EditDialog";
import { Checkbox, FormGroup, FormHelperText, HelperText, HelperTextItem, TextArea, TextInput } from "./pf";
import { below, nameProblem, suggestedName } from "./snapshots";
import { taskStore } from "./tasks";
import type { Snapshot } from "./types";

interface Common {
    guest: Guest;
    snapshots: readonly Snapshot[];
    onClose: () => void;
}

/** Hands the work over and closes at once: it may take many minutes, which the page tells beside everything else. */
function begin(guest: Guest, title: string, work: Promise<unknown>): Promise<void> {
    void taskStore.start(guest.uuid, title, work);
    return Promise.resolve();
}

export function CreateDialog({ guest, running, snapshots, onClose }: Common & { running: boolean }) {
    const call = useCall();
    const [name, setName] = useState(() => suggestedName(new Date()));
    const [description, setDescription] = useState("");
    const problem = nameProblem(name, snapshots);
    return (
        <EditDialog title={_("Take a snapshot of {name}", { name: guest.name })} confirm={_("Take snapshot")} onClose={onClose} isDisabled={problem !== null}
                    action={() => begin(guest, _("Taking the snapshot {name}", { name }), call("machines.snapshot_create", { uuid: guest.uuid, name, description }))}>
            <p>
                {running
                    ? _("Its disks and its memory are kept as they are. The guest stands still until its memory is written to its disk: with much memory that takes minutes.")
                    : _("Its disks are kept as they are.")}
            </p>
            <FormGroup label={_("Name")} fieldId="snapshot-name">
                <TextInput id="snapshot-name" value={name} maxLength={200} validated={problem === null ? "default" : "error"}
                           aria-describedby="snapshot-name-help" onChange={(_event, value) => setName(value)} />
                <FormHelperText>
                    <HelperText id="snapshot-name-help" aria-live="polite">
                        {problem !== null && <HelperTextItem variant="error">{problem}</HelperTextItem>}
                    </HelperText>
                </FormHelperText>
            </FormGroup>
            <FormGroup label={_("Description")} fieldId="snapshot-description">
                <TextArea id="snapshot-description" value={description} maxLength={2000} resizeOrientation="vertical"
                          onChange={(_event, value) => setDescription(value)} />
            </FormGroup>
        </EditDialog>
    );
}

export function RevertDialog({ guest, running, snapshot, onClose }: Common & { running: boolean; snapshot: Snapshot }) {
    const call = useCall();
    const { name } = snapshot;
    return (
        <EditDialog title={_("Go back to {name}?", { name })} confirm={_("Go back")} danger isDisabled={false} onClose={onClose}
                    action={() => begin(guest, _("Going back to {name}", { name }), call("machines.snapshot_revert", { uuid: guest.uuid, name }))}>
            <p>{_("Everything that {guest} has written to its disks since {time} is lost.", { guest: guest.name, time: dateTime(snapshot.created_s) })}</p>
            {running && <p>{_("What it does now ends, and what it holds in memory is lost.")}</p>}
            {running && !snapshot.memory && <p>{_("The guest is off afterwards: it was off when the snapshot was taken.")}</p>}
            {!running && snapshot.memory && <p>{_("The guest goes on afterwards where it was when the snapshot was taken.")}</p>}
        </EditDialog>
    );
}

export function DeleteDialog({ guest, snapshots, snapshot, onClose }: Common & { snapshot: Snapshot }) {
    const call = useCall();
    const [children, setChildren] = useState(false);
    const { name } = snapshot;
    const more = below(name, snapshots);
    return (
        <EditDialog title={_("Delete the snapshot {name}?", { name })} confirm={_("Delete")} danger isDisabled={false} onClose={onClose}
                    action={() => begin(guest, _("Deleting the snapshot {name}", { name }), call("machines.snapshot_delete", { uuid: guest.uuid, name, children }))}>
            <p>{_("{guest} stays as it is. It cannot go back to how it was at {time} any more.", { guest: guest.name, time: dateTime(snapshot.created_s) })}</p>
            {more.length > 0 && (
                <Checkbox id="delete-children" isChecked={children} onChange={(_event, checked) => setChildren(checked)}
                          label={plural("Delete the snapshot below it, too", "Delete the {count} snapshots below it, too", more.length)}
                          description={more.map(one => one.name).join(", ")} />
            )}
        </EditDialog>
    );
}
