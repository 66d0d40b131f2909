// SPDX-License-Identifier: Apache-2.0
// vCPUs or memory as they are typed in: what is wrong with them, and what is to change.
import { _ } from "../i18n";

export interface Typed {
    /** As it runs; null where nothing can change while it runs. */
    now: string | null;
    /** As it starts next, and its maximum from then on; null without a stored definition. */
    next: string | null;
    most: string | null;
}

export interface Limits {
    /** That the guest can have as it runs. */
    now: number;
    /** That a guest can have here at all; null where nobody says. */
    most: number | null;
}

export type Problems = Partial<Record<keyof Typed, string>>;

function whole(text: string): number | null {
    return /^\d{1,8}$/.test(text.trim()) ? Number(text) : null;
}

function problem(text: string | null, limit: number | null, tooMuch: (limit: number) => string): string | null {
    if (text === null)
        return null;
    const value = whole(text);
    if (value === null || value < 1)
        return _("A whole number above 0 is needed.");
    return limit !== null && value > limit ? tooMuch(limit) : null;
}

export function problems(typed: Typed, limits: Limits): Problems {
    const beyond = (limit: number) => _("At most {limit}.", { limit });
    const most = typed.most === null ? null : whole(typed.most);
    const found = {
        now: problem(typed.now, limits.now, limit => _("At most {limit} until the guest is started anew.", { limit })),
        next: problem(typed.next, most, beyond),
        most: problem(typed.most, limits.most, beyond),
    };
    return Object.fromEntries(Object.entries(found).filter((entry): entry is [string, string] => entry[1] !== null));
}

/** Only what differs from before: another administrator may have changed the rest. */
export function changes(before: Typed, typed: Typed): { now?: number; next?: number; most?: number } {
    const changed = (["now", "next", "most"] as const).filter(name => typed[name] !== null && whole(typed[name]) !== whole(before[name] ?? ""));
    return Object.fromEntries(changed.map(name => [name, Number(typed[name])]));
}
