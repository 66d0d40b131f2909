// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { bytes } from "../format";
import { EditDialog } from "../guest/EditDialog";
import { _ } from "../i18n";
import { useCall } from "../rpc/hooks";
import { Checkbox, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, TextInput } from "./pf";
import type { Pool } from "./words";

const GIB = 1024 ** 3;

/** An empty disk for a guest. */
export function CreateVolumeDialog({ pool, onClose }: { pool: Pool; onClose: () => void }) {
    const call = useCall();
    const [name, setName] = useState("");
    const [size, setSize] = useState("10");
    const [format, setFormat] = useState<"qcow2" | "raw">("qcow2");
    const [full, setFull] = useState(false);
    const group = pool.kind === "logical";
    const capacity = Math.round(Number(size) * GIB);
    const wrong = !(capacity >= GIB / 1024 && capacity < 2 ** 53);
    const free = pool.available_bytes;
    return (
        <EditDialog title={_("Create volume")} confirm={_("Create volume")} onClose={onClose} isDisabled={name.trim() === "" || wrong}
                    action={() => call("storage.volume_create", { pool: pool.uuid, name: name.trim(), format: group ? "raw" : format, capacity_bytes: capacity, full })}>
            <FormGroup label={_("Name")} fieldId="volume-name">
                <TextInput id="volume-name" value={name} onChange={(_event, value) => setName(value)} />
            </FormGroup>
            <FormGroup label={_("Size in GiB")} fieldId="volume-size">
                <TextInput id="volume-size" value={size} inputMode="decimal" validated={wrong ? "error" : "default"} aria-describedby="volume-size-help"
                           onChange={(_event, value) => setSize(value.replace(",", "."))} />
                <FormHelperText>
                    <HelperText id="volume-size-help">
                        <HelperTextItem variant={wrong ? "error" : "default"}>
                            {wrong ? _("A number; the smallest volume has 1 MiB.") : free === undefined ? _("How much is free is not known.") : _("{size} are free.", { size: bytes(free) })}
                        </HelperTextItem>
                    </HelperText>
                </FormHelperText>
            </FormGroup>
            {!group && (
                <>
                    <FormGroup label={_("Format")} fieldId="volume-format">
                        <FormSelect id="volume-format" value={format} onChange={(_event, value) => setFormat(value === "raw" ? "raw" : "qcow2")}>
                            <FormSelectOption value="qcow2" label={_("qcow2: grows, with snapshots")} />
                            <FormSelectOption value="raw" label={_("raw: the plain bytes of a disk")} />
                        </FormSelect>
                    </FormGroup>
                    <Checkbox id="volume-full" label={_("Take all of the space at once")} isChecked={full} onChange={(_event, checked) => setFull(checked)} />
                </>
            )}
        </EditDialog>
    );
}
