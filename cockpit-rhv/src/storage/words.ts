// SPDX-License-Identifier: Apache-2.0
// What storage domains are called, and what can be done with them.
import type { StorageActParams, Storage, StoragePool, PoolContent } from "../generated/wire";
import type { Tone } from "../common/Status";
import { _ } from "../i18n";
import type { Live } from "../rpc/merge";

export type Pool = Live<StoragePool>;
export type Content = Live<PoolContent>;
export type Volume = Content["volumes"][string];
export type Action = StorageActParams["action"];

export function kindWord(kind: string | undefined): string {
    switch (kind) {
    case undefined: return _("unknown");
    case "dir": return _("local folder");
    case "fs": return _("file system");
    case "netfs": return _("network folder (NFS)");
    case "logical": return _("volume group (LVM)");
    case "iscsi":
    case "iscsi-direct": return _("iSCSI");
    case "scsi": return _("SCSI adapter");
    case "disk": return _("disk");
    case "mpath": return _("multipath");
    case "rbd": return _("Ceph RBD");
    default: return kind;
    }
}

export function stateWord(state: Pool["state"]): string {
    switch (state) {
    case "reading": return _("being read");
    case "active": return _("active");
    case "degraded": return _("degraded");
    case "inactive": return _("inactive");
    case "building": return _("being built");
    case "inaccessible": return _("not accessible");
    case "silent": return _("does not answer");
    case "unknown": return _("unknown");
    }
}

export function stateTone(state: Pool["state"]): Tone {
    switch (state) {
    case "active": return "good";
    case "degraded": return "warning";
    case "inactive": return "off";
    case "reading":
    case "building": return "busy";
    case "silent":
    case "inaccessible": return "bad";
    case "unknown": return "unknown";
    }
}

/** What can be done with a domain in this state; one that does not answer can still be tried to be let go. */
export function applies(action: Action, pool: Pool): boolean {
    switch (action) {
    case "activate": return pool.state === "inactive";
    case "deactivate": return !["inactive", "reading", "building"].includes(pool.state);
    case "refresh": return pool.state === "active" || pool.state === "degraded";
    case "remove": return pool.state === "inactive";
    case "autostart_on": return pool.persistent && !pool.autostart && pool.state !== "reading";
    case "autostart_off": return pool.persistent && pool.autostart && pool.state !== "reading";
    }
}

export function actionTitle(action: Action): string {
    switch (action) {
    case "activate": return _("Activate");
    case "deactivate": return _("Deactivate");
    case "refresh": return _("Look for changes");
    case "remove": return _("Remove");
    case "autostart_on": return _("Activate with the host");
    case "autostart_off": return _("Do not activate with the host");
    }
}

/** Those that need attention first, then by name. */
export function inOrder(pools: Live<Storage>["pools"]): Pool[] {
    const urgent = (pool: Pool) => (pool.state === "silent" || pool.state === "inaccessible" || pool.state === "unknown" ? 0 : 1);
    return Object.values(pools).sort((one, other) => urgent(one) - urgent(other) || one.name.localeCompare(other.name));
}

/** Files go into folders; of the others each volume is a device. */
export function takesFiles({ kind }: Pool): boolean {
    return kind === "dir" || kind === "fs" || kind === "netfs" || kind === "vstorage";
}

/** How full it is, from 0 to 1; null where that is not known. */
export function fullness({ capacity_bytes: capacity, allocation_bytes: allocation }: Pool): number | null {
    return capacity === undefined || allocation === undefined || capacity === 0 ? null : Math.min(1, allocation / capacity);
}
