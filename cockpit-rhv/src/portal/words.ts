// SPDX-License-Identifier: Apache-2.0
// What the Manager's states mean, and what to do about them.

import { _ } from "../i18n";
import type { Severity } from "./data/model";

export type Tone = "ok" | "busy" | "idle" | "warning" | "danger" | "unknown";

export interface Meaning {
    tone: Tone;
    label: string;
    /** What it means, in a sentence. */
    meaning: string;
    /** What to do next; empty when there is nothing to do. */
    next: string;
}

export function hostStatus(status: string): Meaning {
    switch (status) {
        case "up": return {
            tone: "ok", label: _("Up"), next: "",
            meaning: _("The Manager talks to this host, and guests can run on it."),
        };
        case "connecting": return {
            tone: "busy", label: _("Connecting"),
            meaning: _("The Manager is opening its connection to this host."),
            next: _("Wait a moment. After half a minute without an answer the host is shown as not responding."),
        };
        case "unassigned": return {
            tone: "busy", label: _("Not checked yet"),
            meaning: _("The Manager knows this host and has not read its state yet."),
            next: _("Wait a moment: this takes seconds after the host was added or the Manager started."),
        };
        case "initializing": return {
            tone: "busy", label: _("Initializing"), next: _("Wait a moment."),
            meaning: _("The host answers, and the Manager is reading what it can do."),
        };
        case "installing":
        case "installing_os": return {
            tone: "busy", label: _("Installing"),
            meaning: _("The host is being set up for this Manager."),
            next: _("Wait. The progress is shown in Cockpit on that host."),
        };
        case "install_failed": return {
            tone: "danger", label: _("Installation failed"),
            meaning: _("Setting up the host stopped before it was ready."),
            next: _("Open Cockpit on that host: Hosted engine shows the failed step and what to do."),
        };
        case "non_responsive": return {
            tone: "danger", label: _("Not responding"),
            meaning: _("The Manager cannot reach this host. Its guests may still be running."),
            next: _("Check that the host is on and reachable, and that its agent runs: `systemctl status cockpit-rhv-agent`. The host comes back up here by itself."),
        };
        case "non_operational": return {
            tone: "danger", label: _("Not operational"),
            meaning: _("The host answers but cannot run guests as its cluster requires."),
            next: _("The events of this host say what it lacks."),
        };
        case "error": return {
            tone: "danger", label: _("Error"), meaning: _("The host reported a fault."),
            next: _("The events of this host say what went wrong."),
        };
        case "maintenance": return {
            tone: "idle", label: _("Maintenance"), next: _("Activate it when the work is done."),
            meaning: _("The host was taken out of service on purpose. No guests run on it."),
        };
        case "preparing_for_maintenance": return {
            tone: "busy", label: _("Preparing for maintenance"), next: _("Wait until its guests have left."),
            meaning: _("The host is being emptied of guests."),
        };
        case "reboot":
        case "kdumping": return {
            tone: "busy", label: _("Restarting"), next: _("Wait until it is back."), meaning: _("The host is restarting."),
        };
        case "pending_approval": return {
            tone: "warning", label: _("Waiting for approval"), meaning: _("The host asked to join this Manager."),
            next: _("Approve it, if you know this host."),
        };
        case "down": return {
            tone: "idle", label: _("Down"), meaning: _("The host is switched off."), next: _("Switch it on to use it."),
        };
        default: return {
            tone: "unknown", label: status, meaning: _("This portal does not know this state."),
            next: _("The events may say more."),
        };
    }
}

export function guestStatus(status: string): Meaning {
    const state = (tone: Tone, label: string, meaning = "", next = ""): Meaning => ({ tone, label, meaning, next });
    switch (status) {
        case "up": return state("ok", _("Up"));
        case "down": return state("idle", _("Down"));
        case "paused": return state("warning", _("Paused"), _("The guest is stopped in its tracks, often because its disk could not be written."),
            _("Check the free space of its storage, then resume it in Cockpit on its host."));
        case "suspended": return state("idle", _("Suspended"));
        case "wait_for_launch": return state("busy", _("Waiting to start"));
        case "powering_up": return state("busy", _("Starting"));
        case "powering_down": return state("busy", _("Shutting down"));
        case "reboot_in_progress": return state("busy", _("Restarting"));
        case "migrating": return state("busy", _("Migrating"));
        case "saving_state": return state("busy", _("Saving its state"));
        case "restoring_state": return state("busy", _("Restoring its state"));
        case "image_locked": return state("busy", _("Disk in use by a task"));
        case "not_responding": return state("danger", _("Not responding"), _("The guest's process does not answer its host."),
            _("Look at the host's load and storage in Cockpit."));
        case "unknown":
        case "unassigned": return state("unknown", _("Unknown"), _("The Manager has lost sight of this guest, usually with its host."),
            _("See the host: when it is back up, so is this state."));
        default: return state("unknown", status);
    }
}

export function severityWord(severity: Severity): string {
    switch (severity) {
        case "normal": return _("Information");
        case "warning": return _("Warning");
        case "error": return _("Error");
        case "alert": return _("Alert");
    }
}
