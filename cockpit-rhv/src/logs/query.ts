// SPDX-License-Identifier: Apache-2.0
// Which events are shown, as options of the page's address: #/events?text=web&kind=guest&severity=warning&since=1d&guest=web1
import type { Query } from "../app/route";
import type { Methods } from "../generated/wire";
import { language } from "../i18n";

export const KINDS = ["guest", "job", "host"] as const;
export const SEVERITIES = ["warning", "error"] as const;
/** Seconds of each period, back from now. */
export const PERIODS = { "1h": 3600, "1d": 86_400, "1w": 604_800, "30d": 2_592_000 } as const;
export type Period = keyof typeof PERIODS;

export interface Wanted {
    text: string;
    kind: (typeof KINDS)[number] | null;
    severity: (typeof SEVERITIES)[number] | null;
    since: Period | null;
    guest: string | null;
}

export const NOTHING_WANTED: Wanted = { text: "", kind: null, severity: null, since: null, guest: null };

export function isPeriod(text: string | undefined): text is Period {
    return text !== undefined && Object.hasOwn(PERIODS, text);
}

/** What nobody can mean is as if it were not there: an address may be old or typed by hand. */
export function parseQuery(query: Query): Wanted {
    return {
        text: (query.text ?? "").slice(0, 200),
        kind: KINDS.find(kind => kind === query.kind) ?? null,
        severity: SEVERITIES.find(severity => severity === query.severity) ?? null,
        since: isPeriod(query.since) ? query.since : null,
        guest: query.guest !== undefined && query.guest !== "" ? query.guest : null,
    };
}

export function toQuery({ text, kind, severity, since, guest }: Wanted): Query {
    return {
        ...(text !== "" && { text }),
        ...(kind !== null && { kind }),
        ...(severity !== null && { severity }),
        ...(since !== null && { since }),
        ...(guest !== null && { guest }),
    };
}

export function isFiltered(wanted: Wanted): boolean {
    return Object.keys(toQuery(wanted)).length > 0;
}

/** Parameters of `events.list`. `now`: epoch seconds by the host's events, which this browser's clock is near enough to. */
export function toParams(wanted: Wanted, now: number): Methods["events.list"]["params"] {
    const { since, ...rest } = toQuery(wanted);
    return {
        ...(rest as Omit<Methods["events.list"]["params"], "limit">),
        ...(isPeriod(since) && { since_s: Math.floor(now) - PERIODS[since] }),
        ...(wanted.text !== "" && { language: language() }),
    };
}
