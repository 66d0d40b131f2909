// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { ErrorAlert } from "../common/ErrorAlert";
import { bytes } from "../format";
import { _, text } from "../i18n";
import { Skeleton } from "../pf";
import { useCall } from "../rpc/hooks";
import { EditDialog } from "./EditDialog";
import { Choice, TextField } from "./Fields";
import type { CardProps } from "./types";
import { useAnswer } from "./useAnswer";
import { WhenGroup, type When } from "./WhenGroup";

type Bus = "virtio" | "scsi" | "sata";
type Format = "qcow2" | "raw";

/** What the choices say besides the name of a pool or the path of an image. */
const TYPED = "";
const MOST_GIB = 65536;

const pathProblem = (path: string): string | null =>
    (path === "" || path.startsWith("/") ? null : _("The whole path, beginning with a slash."));

function nameProblem(name: string): string | null {
    return name === "" || name.startsWith(".") || name.includes("/") ? _("A name without a slash that begins with no dot.") : null;
}

function sizeProblem(size: string): string | null {
    return /^[1-9]\d{0,4}$/.test(size) && Number(size) <= MOST_GIB ? null : _("A whole number from 1 to {most}.", { most: MOST_GIB });
}

/** A name that no disk of the guest bears: its own, a number, and the ending of the format. */
function suggestedName(guest: string, count: number, format: Format): string {
    const name = guest.replace(/[^A-Za-z0-9._-]/g, "_").replace(/^\.+/, "") || "disk";
    return `${name}-${String(count + 1)}.${format === "qcow2" ? "qcow2" : "img"}`;
}

/** A new empty image or an existing one becomes a disk of the guest, now, for the next start, or both. */
export function AddDiskDialog({ guest, details, onClose }: Omit<CardProps, "locked"> & { onClose: () => void }) {
    const call = useCall();
    const { value: choices, error } = useAnswer("machines.disk_choices", { uuid: guest.uuid });
    const there: When = { now: details.live !== undefined && guest.state !== "shut_off", next: details.stored !== undefined };
    const [existing, setExisting] = useState(false);
    const [bus, setBus] = useState<Bus>("virtio");
    const [format, setFormat] = useState<Format>("qcow2");
    const [place, setPlace] = useState<string | null>(null);
    const [folder, setFolder] = useState("");
    const [name, setName] = useState<string | null>(null);
    const [size, setSize] = useState("20");
    const [image, setImage] = useState<string | null>(null);
    const [typed, setTyped] = useState("");
    const [wanted, setWhen] = useState(there);
    const when: When = { now: wanted.now && bus !== "sata", next: wanted.next };
    const pools = choices?.pools ?? [];
    const pool = place ?? (pools.find(one => one.name === "default") ?? pools[0])?.name ?? TYPED;
    const free = (choices?.images ?? []).filter(({ kept }) => kept === null);
    const path = image ?? free[0]?.path ?? TYPED;
    const known = choices?.images.find(one => one.path === path);
    const count = new Set([...details.live?.disks ?? [], ...details.stored?.disks ?? []].filter(one => one.device === "disk").map(one => one.target)).size;
    const called = name ?? suggestedName(guest.name, count, format);
    const ready = existing
        ? path !== TYPED || (typed !== "" && pathProblem(typed) === null)
        : nameProblem(called) === null && sizeProblem(size) === null && (pool !== TYPED || (folder !== "" && pathProblem(folder) === null));
    const what = existing
        ? { format: known?.format ?? format, path: path === TYPED ? typed : path }
        : { format, create: { ...pool === TYPED ? { folder } : { pool }, name: called, size_gib: Number(size) } };
    const formats = <Choice id="disk-format" label={_("Format")} value={format} onValue={value => setFormat(value as Format)} options={[
        { value: "qcow2", label: _("qcow2: can hold snapshots") },
        { value: "raw", label: _("raw: the bare bytes") },
    ]} />;
    return (
        <EditDialog title={_("Add a disk to {name}", { name: guest.name })} confirm={_("Add disk")} onClose={onClose}
                    isDisabled={!ready || (!when.now && !when.next) || (!choices && !error)}
                    action={() => call("machines.add_disk", { uuid: guest.uuid, bus, ...what, ...when })}>
            {error && <ErrorAlert error={error} title={_("The images of the storage pools cannot be listed")} variant="warning" />}
            {!choices && !error && <Skeleton screenreaderText={_("Loading")} />}
            <Choice id="disk-kind" label={_("Image")} value={existing ? "existing" : "new"} onValue={value => setExisting(value === "existing")} options={[
                { value: "new", label: _("A new empty one") },
                { value: "existing", label: _("An existing one") },
            ]} />
            {!existing && (
                <>
                    <Choice id="disk-pool" label={_("Where")} value={pool} onValue={setPlace} options={[
                        ...pools.map(one => ({ value: one.name, label: _("Pool {pool} ({size} free)", { pool: one.name, size: bytes(one.free_bytes) }) })),
                        { value: TYPED, label: _("A folder on this host…") },
                    ]} />
                    {pool === TYPED && <TextField id="disk-folder" label={_("Folder on this host")} value={folder} onValue={setFolder}
                                                  problem={pathProblem(folder)} help={_("The whole path, beginning with a slash.")} />}
                    {formats}
                    <TextField id="disk-name" label={_("Name")} value={called} onValue={setName} problem={nameProblem(called)} />
                    <TextField id="disk-size" label={_("Size in GiB")} value={size} onValue={setSize} problem={sizeProblem(size)}
                               help={_("It takes room on the host only as it is written to.")} />
                </>
            )}
            {existing && (
                <>
                    <Choice id="disk-image" label={_("Image of a pool")} value={path} onValue={setImage} options={[
                        ...(choices?.images ?? []).map(one => ({
                            value: one.path,
                            label: one.kept
                                ? _("{name} (pool {pool}): {why}", { name: one.name, pool: one.pool, why: text(one.kept) })
                                : _("{name} (pool {pool}, {size})", { name: one.name, pool: one.pool, size: bytes(one.capacity_bytes) }),
                            off: one.kept !== null,
                        })),
                        { value: TYPED, label: _("A file or device on this host…") },
                    ]} />
                    {path === TYPED && (
                        <>
                            <TextField id="disk-path" label={_("Path on this host")} value={typed} onValue={setTyped} problem={pathProblem(typed)}
                                       help={_("The whole path, beginning with a slash.")} />
                            {formats}
                        </>
                    )}
                </>
            )}
            <Choice id="disk-bus" label={_("Bus")} value={bus} onValue={value => setBus(value as Bus)} options={[
                { value: "virtio", label: _("virtio: the fastest") },
                { value: "scsi", label: _("SCSI (virtio): for many disks") },
                { value: "sata", label: _("SATA: for systems without virtio drivers") },
            ]} />
            <WhenGroup id="disk" there={there} when={when} onWhen={setWhen}
                       notNow={bus === "sata" ? _("A SATA disk cannot be added while the guest runs.") : undefined} />
        </EditDialog>
    );
}
