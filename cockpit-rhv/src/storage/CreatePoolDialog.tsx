// SPDX-License-Identifier: Apache-2.0
import { useState, type ReactNode } from "react";

import { go } from "../app/route";
import type { StorageCreateParams } from "../generated/wire";
import { EditDialog } from "../guest/EditDialog";
import { _ } from "../i18n";
import { useCall } from "../rpc/hooks";
import { IscsiFinder, useIscsi } from "./IscsiFinder";
import { portalOf } from "./luns";
import { Checkbox, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, TextInput } from "./pf";

type Kind = StorageCreateParams["kind"];
type Version = NonNullable<StorageCreateParams["nfs_version"]>;

const VERSIONS: readonly Version[] = ["3", "4", "4.1", "4.2"];

interface FieldProps {
    id: string;
    label: string;
    value: string;
    help?: string;
    onChange: (value: string) => void;
}

function Field({ id, label, value, help, onChange }: FieldProps) {
    return (
        <FormGroup label={label} fieldId={id}>
            <TextInput id={id} value={value} onChange={(_event, next) => onChange(next)} {...(help !== undefined && { "aria-describedby": `${id}-help` })} />
            {help !== undefined && <FormHelperText><HelperText id={`${id}-help`}><HelperTextItem>{help}</HelperTextItem></HelperText></FormHelperText>}
        </FormGroup>
    );
}

/** The words of the field that says what is used, by type. */
function sourceField(kind: Kind): { label: string; help: string } {
    switch (kind) {
    case "netfs": return { label: _("Export"), help: _("The folder that the server exports, beginning with a slash.") };
    case "iscsi": return { label: _("Target"), help: _("The target's name, like iqn.2024-01.org.example:disks. Its logical units become volumes.") };
    case "logical": return { label: _("Volume group"), help: _("An existing volume group; what it holds stays as it is.") };
    case "dir": return { label: _("Folder"), help: _("Made where it does not exist; what it holds stays as it is.") };
    }
}

/** Adds a storage domain; the helper takes everything back when it cannot be activated. */
export function CreatePoolDialog({ onClose }: { onClose: () => void }) {
    const call = useCall();
    const [kind, setKind] = useState<Kind>("dir");
    const [name, setName] = useState("");
    const [host, setHost] = useState("");
    const [port, setPort] = useState("3260");
    const [source, setSource] = useState("");
    const [target, setTarget] = useState("");
    const [version, setVersion] = useState<Version | "">("");
    const [autostart, setAutostart] = useState(true);
    const remote = kind === "netfs" || kind === "iscsi";
    const mount = target.trim() === "" ? `/var/lib/libvirt/storage/${name.trim()}` : target.trim();
    const portNumber = Number(port);
    const badPort = kind === "iscsi" && !(Number.isInteger(portNumber) && portNumber > 0 && portNumber < 65_536);
    const params: StorageCreateParams = {
        name: name.trim(),
        kind,
        autostart,
        ...kind === "dir" && { target: source.trim() },
        ...kind !== "dir" && { source: source.trim() },
        ...kind === "netfs" && { target: mount },
        ...remote && { host: host.trim() },
        ...kind === "iscsi" && { port: portNumber },
        ...kind === "netfs" && version !== "" && { nfs_version: version },
    };
    const ready = kind === "iscsi" && host.trim() !== "" && !badPort;
    const iscsi = useIscsi(ready ? portalOf(host.trim(), portNumber) : null, source.trim());
    const [confirmed, setConfirmed] = useState("");
    const unconfirmed = kind === "iscsi" && iscsi.data !== "" && iscsi.data !== confirmed;
    const words = sourceField(kind);
    const sourceInput = <Field id="pool-source" label={words.label} value={source} help={words.help} onChange={setSource} />;
    const warning: ReactNode = badPort && <HelperText id="pool-port-help"><HelperTextItem variant="error">{_("A port is a number from 1 to 65535.")}</HelperTextItem></HelperText>;
    return (
        <EditDialog title={_("Add storage domain")} confirm={_("Add and activate")} onClose={onClose} wide={kind === "iscsi"}
                    isDisabled={name.trim() === "" || source.trim() === "" || (remote && host.trim() === "") || badPort || unconfirmed}
                    action={() => call("storage.create", params).then(({ pool }) => go({ page: "pool", uuid: pool }))}>
            <FormGroup label={_("Type")} fieldId="pool-kind">
                <FormSelect id="pool-kind" value={kind} onChange={(_event, value) => setKind(value as Kind)}>
                    <FormSelectOption value="dir" label={_("Folder of this host")} />
                    <FormSelectOption value="netfs" label={_("NFS server")} />
                    <FormSelectOption value="iscsi" label={_("iSCSI target")} />
                    <FormSelectOption value="logical" label={_("LVM volume group")} />
                </FormSelect>
            </FormGroup>
            <Field id="pool-name" label={_("Name")} value={name} onChange={setName} />
            {remote && <Field id="pool-host" label={_("Server")} value={host} help={_("A name or an address.")} onChange={setHost} />}
            {kind === "iscsi" && (
                <FormGroup label={_("Port")} fieldId="pool-port">
                    <TextInput id="pool-port" value={port} inputMode="numeric" validated={badPort ? "error" : "default"}
                               {...(badPort && { "aria-describedby": "pool-port-help" })} onChange={(_event, value) => setPort(value)} />
                    {warning && <FormHelperText>{warning}</FormHelperText>}
                </FormGroup>
            )}
            {kind === "iscsi"
                ? (
                    <IscsiFinder iscsi={iscsi} ready={ready} target={source.trim()} onTarget={setSource}
                                 confirmed={iscsi.data === confirmed} onConfirm={checked => setConfirmed(checked ? iscsi.data : "")}>
                        {sourceInput}
                    </IscsiFinder>
                )
                : sourceInput}
            {kind === "netfs" && (
                <>
                    <Field id="pool-target" label={_("Mounted at")} value={target} onChange={setTarget}
                           help={_("A folder of this host; without one, {folder}.", { folder: `/var/lib/libvirt/storage/${name.trim() || "…"}` })} />
                    <FormGroup label={_("NFS version")} fieldId="pool-version">
                        <FormSelect id="pool-version" value={version} onChange={(_event, value) => setVersion(value as Version | "")}>
                            <FormSelectOption value="" label={_("Automatic")} />
                            {VERSIONS.map(one => <FormSelectOption key={one} value={one} label={one} />)}
                        </FormSelect>
                    </FormGroup>
                </>
            )}
            <Checkbox id="pool-autostart" label={_("Activate with the host")} isChecked={autostart} onChange={(_event, checked) => setAutostart(checked)} />
        </EditDialog>
    );
}
