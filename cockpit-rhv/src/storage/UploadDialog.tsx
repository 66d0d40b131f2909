// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { bytes } from "../format";
import { EditDialog } from "../guest/EditDialog";
import { _ } from "../i18n";
import { useCall } from "../rpc/hooks";
import { FormGroup, FormHelperText, HelperText, HelperTextItem, TextInput } from "./pf";
import { uploadStore } from "./uploads";
import type { Pool } from "./words";

/** A file from this computer; what has arrived of it earlier is gone on with. */
export function UploadDialog({ pool, onClose }: { pool: Pool; onClose: () => void }) {
    const call = useCall();
    const [file, setFile] = useState<File | null>(null);
    const [name, setName] = useState("");
    const free = pool.available_bytes;
    const tooLarge = file !== null && free !== undefined && file.size > free;
    return (
        <EditDialog title={_("Upload to {name}", { name: pool.name })} confirm={_("Upload")} onClose={onClose}
                    isDisabled={file === null || file.size === 0 || name.trim() === "" || tooLarge}
                    action={() => (file ? uploadStore.start(call, pool.uuid, name.trim(), file) : Promise.resolve())}>
            <FormGroup label={_("File")} fieldId="upload-file">
                <input type="file" id="upload-file" aria-describedby="upload-file-help" onChange={event => {
                    const chosen = event.target.files?.[0] ?? null;
                    setFile(chosen);
                    if (chosen)
                        setName(chosen.name);
                }} />
                <FormHelperText>
                    <HelperText id="upload-file-help">
                        <HelperTextItem variant={tooLarge ? "error" : "default"}>
                            {tooLarge
                                ? _("It has {size}, but only {free} are free.", { size: bytes(file.size), free: bytes(free) })
                                : _("An ISO image or a disk. An upload that broke off goes on when the same file is chosen again.")}
                        </HelperTextItem>
                    </HelperText>
                </FormHelperText>
            </FormGroup>
            <FormGroup label={_("Name on the storage")} fieldId="upload-name">
                <TextInput id="upload-name" value={name} onChange={(_event, value) => setName(value)} />
            </FormGroup>
        </EditDialog>
    );
}
