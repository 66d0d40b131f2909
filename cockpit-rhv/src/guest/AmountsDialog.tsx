// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { mebibytes } from "../format";
import { _, plural } from "../i18n";
import { useCall } from "../rpc/hooks";
import { changes, problems, type Typed } from "./amounts";
import { EditDialog } from "./EditDialog";
import { FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from "./pf";
import type { Details } from "./types";

export type Kind = "vcpus" | "memory";

function before(kind: Kind, { live, stored }: Details): Typed {
    const text = (value: number | undefined) => (value === undefined ? null : String(value));
    if (kind === "vcpus")
        return { now: text(live?.vcpus), next: text(stored?.vcpus), most: text(stored?.vcpus_max) };
    return { now: live?.balloon === true ? text(live.memory_mib) : null, next: text(stored?.memory_mib), most: text(stored?.memory_max_mib) };
}

function help(kind: Kind, field: keyof Typed, details: Details): string {
    if (kind === "vcpus") {
        switch (field) {
        case "now": return _("Taking one away succeeds only where the guest lets it go.");
        case "next": return _("With how many it starts.");
        case "most": return plural("How many it can be given while it runs. This host has {count} CPU.",
                                   "How many it can be given while it runs. This host has {count} CPUs.", details.host_cpus);
        }
    }
    switch (field) {
    case "now": return _("The guest is asked to give memory back; it needs a balloon driver for that and may take a while.");
    case "next": return _("With how much it starts.");
    case "most": return _("How much it can be given while it runs. This host has {memory}.", { memory: mebibytes(details.host_memory_mib) });
    }
}

function label(kind: Kind, field: keyof Typed): string {
    switch (field) {
    case "now": return kind === "vcpus" ? _("Now") : _("Now (MiB)");
    case "next": return kind === "vcpus" ? _("From the next start on") : _("From the next start on (MiB)");
    case "most": return kind === "vcpus" ? _("Maximum from the next start on") : _("Maximum from the next start on (MiB)");
    }
}

interface AmountsDialogProps {
    kind: Kind;
    uuid: string;
    details: Details;
    onClose: () => void;
}

/** Changes vCPUs or memory, as the guest runs and as it starts next. */
export function AmountsDialog({ kind, uuid, details, onClose }: AmountsDialogProps) {
    const call = useCall();
    // As it was when the dialog was opened: what somebody else changes meanwhile does not change what is typed.
    const [first] = useState(() => before(kind, details));
    const [typed, setTyped] = useState(first);
    const { live } = details;
    const found = problems(typed, {
        now: kind === "vcpus" ? live?.vcpus_max ?? 0 : live?.memory_max_mib ?? 0,
        most: kind === "vcpus" ? details.most_vcpus ?? null : null,
    });
    const changed = changes(first, typed);
    const save = () => {
        if (kind === "vcpus")
            return call("machines.set_vcpus", { uuid, ...changed });
        return call("machines.set_memory", {
            uuid,
            ...changed.now !== undefined && { now_mib: changed.now },
            ...changed.next !== undefined && { next_mib: changed.next },
            ...changed.most !== undefined && { most_mib: changed.most },
        });
    };
    const fields = (["now", "next", "most"] as const).filter(field => typed[field] !== null);
    return (
        <EditDialog title={kind === "vcpus" ? _("Change vCPUs") : _("Change memory")} confirm={_("Save")} action={save} onClose={onClose}
                    isDisabled={Object.keys(found).length > 0 || Object.keys(changed).length === 0}>
            {live && kind === "memory" && !live.balloon && (
                <p>{_("The guest has no memory balloon: its memory cannot change while it runs.")}</p>
            )}
            {fields.map(field => (
                <FormGroup key={field} label={label(kind, field)} fieldId={`amount-${field}`}>
                    <TextInput id={`amount-${field}`} value={typed[field] ?? ""} inputMode="numeric" aria-describedby={`amount-${field}-help`}
                               validated={found[field] === undefined ? "default" : "error"}
                               onChange={(_event, value) => setTyped({ ...typed, [field]: value })} />
                    <FormHelperText>
                        <HelperText id={`amount-${field}-help`} aria-live="polite">
                            <HelperTextItem variant={found[field] === undefined ? "default" : "error"}>
                                {found[field] ?? help(kind, field, details)}
                            </HelperTextItem>
                        </HelperText>
                    </FormHelperText>
                </FormGroup>
            ))}
        </EditDialog>
    );
}
