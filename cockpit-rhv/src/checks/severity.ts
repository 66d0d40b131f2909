// SPDX-License-Identifier: Apache-2.0
import type { Tone } from "../common/Status";
import type { CheckResult } from "../generated/wire";
import { _ } from "../i18n";

export type Severity = CheckResult["severity"];

/** What needs somebody comes first. */
export const ORDER: readonly Severity[] = ["error", "warning", "unknown", "ok", "not_applicable"];

export const TONES: Record<Severity, Tone> = {
    error: "bad", warning: "warning", unknown: "unknown", ok: "good", not_applicable: "off",
};

export function word(severity: Severity): string {
    switch (severity) {
    case "error": return _("Error");
    case "warning": return _("Warning");
    case "unknown": return _("Unknown");
    case "ok": return _("In order");
    case "not_applicable": return _("Not needed");
    }
}
