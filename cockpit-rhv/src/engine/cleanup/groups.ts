// SPDX-License-Identifier: Apache-2.0
import type { CleanupItem } from "../../generated/wire";
import { _ } from "../../i18n";

export type Kind = CleanupItem["kind"];

/** What one would miss most comes first. */
const ORDER: readonly Kind[] = ["domain", "disk", "drive", "registration", "network", "pool", "lock_manager", "unit", "state", "folder", "file"];

export function kindTitle(kind: Kind): string {
    switch (kind) {
    case "domain": return _("Virtual machine");
    case "disk": return _("Disk");
    case "drive": return _("Configuration drive");
    case "registration": return _("Registration");
    case "network": return _("Network");
    case "pool": return _("Storage");
    case "lock_manager": return _("Settings of libvirt");
    case "unit": return _("Services");
    case "state": return _("Records of the deployment");
    case "folder": return _("Folders");
    case "file": return _("Files");
    }
}

/** The items by kind; a kind without items is left out. */
export function grouped(items: readonly CleanupItem[]): { kind: Kind; items: CleanupItem[] }[] {
    return ORDER.map(kind => ({ kind, items: items.filter(item => item.kind === kind) })).filter(group => group.items.length > 0);
}

export function totalBytes(items: readonly CleanupItem[]): number {
    return items.reduce((sum, item) => sum + (item.size_bytes ?? 0), 0);
}
