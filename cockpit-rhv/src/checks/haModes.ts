// SPDX-License-Identifier: Apache-2.0
import { _ } from "../i18n";

/** How far the agents of an oVirt host leave its engine alone. */
export type Mode = "global" | "local" | "none";

export const MODES: readonly Mode[] = ["global", "local", "none"];

/** A mode's name, as its button has it. */
export function title(mode: Mode): string {
    switch (mode) {
    case "global": return _("Global maintenance");
    case "local": return _("Maintenance of this host");
    case "none": return _("End maintenance");
    }
}

/** What choosing it means. */
export function consequence(mode: Mode): string {
    switch (mode) {
    case "global": return _("No host starts, restarts or moves the engine until this is ended. If it fails meanwhile, it stays down.");
    case "local": return _("This host no longer takes over the engine. It is refused while the engine runs here.");
    case "none": return _("The hosts look after the engine again: they start it if it does not run, and this host counts among them.");
    }
}

/** What is asked before a remedy that changes the mode, wherever its button stands; other remedies take nothing away. */
export function asked(task: string, mode: unknown): { title: string; body: string } | undefined {
    const chosen = MODES.find(known => known === mode);
    return task === "ha_maintenance" && chosen ? { title: title(chosen), body: consequence(chosen) } : undefined;
}
