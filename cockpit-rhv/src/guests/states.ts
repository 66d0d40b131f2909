// SPDX-License-Identifier: Apache-2.0
// What a guest's state is called, how it looks, and what may be done in it.
import type { Tone } from "../common/Status";
import type { Machine, MachinesActParams } from "../generated/wire";
import { _ } from "../i18n";
import type { Live } from "../rpc/merge";

export type Guest = Live<Machine>;
export type Action = MachinesActParams["action"];

/** What is being done to a guest at the moment. */
export type Doing = Action | "snapshot";

/** What the list can be reduced to. */
export type Group = "running" | "paused" | "off" | "trouble";
export const GROUPS: readonly Group[] = ["running", "paused", "off", "trouble"];

/** Reasons for which nobody would want a guest to be paused or off. */
const BAD_REASONS = new Set(["io_error", "watchdog", "crashed", "failed", "postcopy_failed", "api_error"]);

function isBad({ reason }: Guest): boolean {
    return reason !== undefined && BAD_REASONS.has(reason);
}

export function groupOf(guest: Guest): Group {
    switch (guest.state) {
    case "running":
    case "blocked":
    case "shutting_down": return "running";
    case "paused": return isBad(guest) ? "trouble" : "paused";
    case "suspended": return "paused";
    case "shut_off": return isBad(guest) ? "trouble" : "off";
    case "crashed":
    case "unknown": return "trouble";
    }
}

export function groupTitle(group: Group): string {
    switch (group) {
    case "running": return _("Running");
    case "paused": return _("Paused or asleep");
    case "off": return _("Off");
    case "trouble": return _("In trouble");
    }
}

function pausedWord(reason: string | undefined): string {
    switch (reason) {
    case "io_error": return _("Paused: disk error");
    case "watchdog": return _("Paused by its watchdog");
    case "crashed": return _("Paused: crashed");
    case "migration":
    case "postcopy": return _("Paused: migrating");
    case "postcopy_failed": return _("Paused: migration failed");
    case "snapshot": return _("Paused for a snapshot");
    case "save":
    case "dump": return _("Paused: saving");
    case "starting_up": return _("Starting");
    case "api_error": return _("Paused: an action failed");
    default: return _("Paused");
    }
}

function offWord(reason: string | undefined): string {
    switch (reason) {
    case "crashed": return _("Off: crashed");
    case "failed": return _("Off: did not start");
    case "saved": return _("Off, saved");
    case "migrated": return _("Off: migrated");
    default: return _("Off");
    }
}

export function stateWord({ state, reason }: Guest): string {
    switch (state) {
    case "running":
    case "blocked": return _("Running");
    case "paused": return pausedWord(reason);
    case "shutting_down": return _("Shutting down");
    case "shut_off": return offWord(reason);
    case "crashed": return _("Crashed");
    case "suspended": return _("Asleep");
    case "unknown": return _("Unknown");
    }
}

export function stateTone(guest: Guest): Tone {
    switch (guest.state) {
    case "running":
    case "blocked": return "good";
    case "shutting_down": return "busy";
    case "paused": return isBad(guest) ? "bad" : "warning";
    case "shut_off": return isBad(guest) ? "bad" : "off";
    case "suspended": return "off";
    case "crashed": return "bad";
    case "unknown": return "unknown";
    }
}

/** Whether somebody else governs it: what we would do, a Manager undoes, and the engine has a page of its own. */
export function isProtected({ owner }: Guest): boolean {
    return owner !== "local";
}

export function ownerWord(owner: Guest["owner"]): string {
    switch (owner) {
    case "local": return _("This host");
    case "managed": return _("Manager");
    case "engine": return _("Hosted engine");
    }
}

const RUNS: readonly Guest["state"][] = ["running", "blocked"];
/** With a process of its own: one that has crashed keeps it until it is reset or powered off. */
const ACTIVE: readonly Guest["state"][] = ["running", "blocked", "paused", "shutting_down", "suspended", "crashed"];

/** Whether an action makes sense for a guest as it is now. The helper decides anew when it is asked. */
export function applies(action: Action, guest: Guest): boolean {
    if (isProtected(guest) || guest.state === "unknown")
        return false;
    switch (action) {
    case "start": return !ACTIVE.includes(guest.state);
    case "shutdown":
    case "reboot":
    case "pause":
    case "nmi": return RUNS.includes(guest.state);
    case "save": return guest.persistent && (RUNS.includes(guest.state) || guest.state === "paused");
    case "resume": return guest.state === "paused" || guest.state === "suspended";
    case "reset":
    case "power_off": return ACTIVE.includes(guest.state);
    case "autostart_on": return guest.persistent && !guest.autostart;
    case "autostart_off": return guest.persistent && guest.autostart;
    }
}

/** Whether it has a process, which may be asked to end. */
export function isActive({ state }: Guest): boolean {
    return ACTIVE.includes(state);
}

export function doingTitle(doing: Doing): string {
    return doing === "snapshot" ? _("Snapshot") : actionTitle(doing);
}

export function actionTitle(action: Action): string {
    switch (action) {
    case "start": return _("Start");
    case "shutdown": return _("Shut down");
    case "reboot": return _("Reboot");
    case "reset": return _("Reset");
    case "power_off": return _("Power off");
    case "pause": return _("Pause");
    case "resume": return _("Resume");
    case "save": return _("Save state");
    case "nmi": return _("Send an NMI");
    case "autostart_on": return _("Start with the host");
    case "autostart_off": return _("Do not start with the host");
    }
}
