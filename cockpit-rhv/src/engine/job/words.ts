// SPDX-License-Identifier: Apache-2.0
import type { Tone } from "../../common/Status";
import type { JobStatus, PhaseStatus } from "../../generated/wire";
import { FROM_GUESTS, FROM_LOGS, FROM_NETWORK_STEP, FROM_OVERVIEW, FROM_REVIEW } from "../../app/route";
import { _ } from "../../i18n";

export function jobState(state: JobStatus["state"]): { tone: Tone; word: string } {
    switch (state) {
    case "queued": return { tone: "busy", word: _("Waiting to start") };
    case "running": return { tone: "busy", word: _("Running") };
    case "succeeded": return { tone: "good", word: _("Done") };
    case "failed": return { tone: "bad", word: _("Failed") };
    case "cancelled": return { tone: "off", word: _("Cancelled") };
    case "interrupted": return { tone: "warning", word: _("Interrupted") };
    }
}

export function phaseWord(state: PhaseStatus["state"]): string {
    switch (state) {
    case "pending": return _("Not started yet");
    case "running": return _("Running");
    case "done": return _("Done");
    case "failed": return _("Failed");
    case "cancelled": return _("Cancelled");
    }
}

/** The link from a remedy's job to where it was asked for. */
export function backWord(from: string): string {
    switch (from) {
    case FROM_REVIEW: return _("Back to the review");
    case FROM_NETWORK_STEP: return _("Back to the network's answers");
    case FROM_OVERVIEW: return _("Back to the overview");
    case FROM_GUESTS: return _("Back to the guests");
    case FROM_LOGS: return _("Back to the logs");
    default: return _("Back to the deployment");
    }
}
