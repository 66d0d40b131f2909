// SPDX-License-Identifier: Apache-2.0
import type { Methods } from "../generated/wire";

type Answer = Methods["events.list"]["result"];

/** What is shown already with the newest page before it; where events between the two are missing, the newest page alone. */
export function merged(before: Answer | null, newest: Answer): Answer {
    const lowest = newest.events.at(-1)?.seq;
    const rest = before?.events.filter(({ seq }) => lowest !== undefined && seq < lowest) ?? [];
    const joined = before !== null && newest.more && before.events.some(({ seq }) => lowest !== undefined && seq >= lowest);
    return joined ? { ...newest, more: before.more, events: [...newest.events, ...rest] } : newest;
}
