// SPDX-License-Identifier: Apache-2.0
// What the parts of a guest are called.
import { _ } from "../i18n";
import type { Definition, Disk, Nic } from "./types";

export function diskWord({ device, target }: Pick<Disk, "device" | "target">): string {
    switch (device) {
    case "cdrom": return _("CD drive {name}", { name: target });
    case "floppy": return _("Floppy drive {name}", { name: target });
    case "disk":
    case "lun": return _("Disk {name}", { name: target });
    }
}

/** A device by its key in a boot order. */
export function deviceWord(key: string, { disks, nics }: Definition): string {
    const disk = disks.find(one => one.key === key);
    if (disk)
        return diskWord(disk);
    const nic = nics.find(one => one.key === key);
    return nic ? _("Network {name}", { name: nic.mac }) : key;
}

export function sourceKind(kind: string): string {
    switch (kind) {
    case "file": return _("file");
    case "block": return _("block device");
    case "volume": return _("volume");
    case "network": return _("network");
    case "dir": return _("folder");
    default: return kind;
    }
}

export function nicSource({ kind, source }: Nic): string {
    switch (kind) {
    case "network": return _("network {name}", { name: source ?? "?" });
    case "bridge": return _("bridge {name}", { name: source ?? "?" });
    case "direct": return _("device {name}", { name: source ?? "?" });
    case "user": return _("user mode network");
    default: return source === undefined ? kind : `${kind} ${source}`;
    }
}

/** The release at the end of libosinfo's id: `http://debian.org/debian/13` → "debian 13". */
export function systemWord(id: string): string {
    return id.replace(/\/+$/, "").split("/").slice(-2).join(" ");
}
