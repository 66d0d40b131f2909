// SPDX-License-Identifier: Apache-2.0
// What a LUN is called, and what was found on it.
import type { StorageLun } from "../generated/wire";
import { _ } from "../i18n";

export type Use = StorageLun["uses"][number];

export function usedFor({ kind, what }: Use): string {
    switch (kind) {
    case "mounted": return _("mounted at {what}", { what });
    case "lvm": return what === "?" ? _("LVM") : _("volume group {what}", { what });
    case "file_system": return _("file system {what}", { what });
    case "partitions": return _("partitions ({what})", { what });
    case "raid": return _("RAID ({what})", { what });
    case "multipath": return _("multipath ({what})", { what });
    case "swap": return _("swap space ({what})", { what });
    case "holder": return _("held by {what}", { what });
    case "unknown": return what;
    }
}

export function lunName({ lun, device }: StorageLun): string {
    return lun === null ? device : _("LUN {number}", { number: lun });
}

/** A path that works, as the kernel or multipath say it. */
export function isWell(state: string): boolean {
    return state === "running" || state === "active ready";
}

/** A portal as the helper reads it. */
export function portalOf(host: string, port: number): string {
    return host.includes(":") && !host.startsWith("[") ? `[${host}]:${port}` : `${host}:${port}`;
}
