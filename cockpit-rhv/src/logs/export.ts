// SPDX-License-Identifier: Apache-2.0
// The events that are shown as a file: CSV for a spreadsheet, JSON for a program.
import type { Event, Methods } from "../generated/wire";
import { text } from "../i18n";
import type { Call } from "../rpc/client";
import { subject } from "./words";

type Params = Methods["events.list"]["params"];

/** More than the host keeps; a bound all the same. */
const MOST_EVENTS = 100_000;
const PAGE = 500;

/** All events that match, not only those on the screen. */
export async function allEvents(call: Call, params: Params): Promise<Event[]> {
    const events: Event[] = [];
    let before: number | undefined;
    do {
        const answer = await call("events.list", { ...params, limit: PAGE, ...(before !== undefined && { before }) });
        events.push(...answer.events);
        before = answer.more ? answer.events.at(-1)?.seq : undefined;
    } while (before !== undefined && events.length < MOST_EVENTS);
    return events;
}

/** A guest may be named like a formula; a spreadsheet must not compute it. */
function cell(value: string): string {
    const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
    return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function toCsv(events: readonly Event[]): string {
    const head = ["time", "severity", "kind", "event", "subject", "message", "user", "job", "uuid", "source"];
    const rows = events.map(event => [
        new Date(event.time_s * 1000).toISOString(), event.severity, event.kind, event.what, subject(event), text(event.message),
        event.user ?? "", event.job ?? "", event.uuid ?? "", event.source,
    ]);
    return [head, ...rows].map(row => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

export function toJson(events: readonly Event[]): string {
    return JSON.stringify(events.map(event => ({ ...event, time: new Date(event.time_s * 1000).toISOString() })), null, 1);
}
