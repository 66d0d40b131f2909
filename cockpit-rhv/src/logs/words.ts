// SPDX-License-Identifier: Apache-2.0
import type { Tone } from "../common/Status";
import type { Event, LogArchive } from "../generated/wire";
import { _, text } from "../i18n";
import type { KINDS, Period, SEVERITIES } from "./query";

export function kindWord(kind: (typeof KINDS)[number]): string {
    switch (kind) {
    case "guest": return _("Guests");
    case "job": return _("Jobs");
    case "host": return _("This host");
    }
}

export function severityChoice(severity: (typeof SEVERITIES)[number]): string {
    switch (severity) {
    case "warning": return _("Warnings and errors");
    case "error": return _("Errors");
    }
}

export function severityWord(severity: Event["severity"]): string {
    switch (severity) {
    case "info": return _("Information");
    case "warning": return _("Warning");
    case "error": return _("Error");
    }
}

export function tone({ severity, what }: Pick<Event, "severity" | "what">): Tone | null {
    if (severity === "error")
        return "bad";
    if (severity === "warning")
        return "warning";
    if (what === "stopped" || what === "removed" || what === "asleep" || what === "paused")
        return "off";
    return what === "started" || what === "resumed" || what === "succeeded" ? "good" : null;
}

export function periodWord(period: Period): string {
    switch (period) {
    case "1h": return _("Last hour");
    case "1d": return _("Last day");
    case "1w": return _("Last week");
    case "30d": return _("Last 30 days");
    }
}

/** How far back an archive goes. */
export const SPANS = ["1h", "1d", "1w", "all"] as const;

export function spanWord(span: string): string {
    switch (span) {
    case "1h": return _("Last hour");
    case "1d": return _("Last day");
    case "1w": return _("Last week");
    default: return _("All there is");
    }
}

/** Whom an event is about. */
export function subject(event: Event): string {
    if (event.kind === "host")
        return _("This host");
    return event.name ?? (event.title ? text(event.title) : event.job ?? "");
}

export function archiveContent({ since, guests }: Pick<LogArchive, "since" | "guests">): string {
    return guests
        ? _("{span}, with the guests' logs", { span: spanWord(since) })
        : _("{span}, without the guests' logs", { span: spanWord(since) });
}
