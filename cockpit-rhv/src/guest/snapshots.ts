// SPDX-License-Identifier: Apache-2.0
// What is known of snapshots beside what libvirt says of each.
import { _ } from "../i18n";
import type { Snapshot } from "./types";

/** All that stand below one, however deep. */
export function below(name: string, snapshots: readonly Snapshot[]): Snapshot[] {
    const found = new Set([name]);
    // They come in the order of their tree: a parent stands before its children.
    for (const one of snapshots) {
        if (one.parent !== undefined && found.has(one.parent))
            found.add(one.name);
    }
    return snapshots.filter(one => one.name !== name && found.has(one.name));
}

export function snapshotState({ state, memory }: Snapshot): string {
    switch (state) {
    case "running": return memory ? _("running, with its memory") : _("running, disks only");
    case "paused": return memory ? _("paused, with its memory") : _("paused, disks only");
    case "shutoff": return _("off");
    case "disk-snapshot": return _("disks only");
    default: return state;
    }
}

export function nameProblem(name: string, snapshots: readonly Snapshot[]): string | null {
    if (name.trim() === "" || name.includes("/") || name.startsWith("."))
        return _("A name is needed, without a slash and not beginning with a dot.");
    return snapshots.some(one => one.name === name) ? _("There is a snapshot of this name.") : null;
}

/** A name nobody has to think of: the time, in an order that sorts. */
export function suggestedName(time: Date): string {
    const two = (value: number) => value.toString().padStart(2, "0");
    return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())} ${two(time.getHours())}.${two(time.getMinutes())}.${two(time.getSeconds())}`;
}
