// SPDX-License-Identifier: Apache-2.0
// Times as people say them. Dates are epoch milliseconds here, as in the API.

import { useEffect, useState } from "react";
import { language } from "../i18n";

export function moment(ms: number): string {
    return new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "medium" }).format(ms);
}

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
    ["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000],
];

/** "5 minutes ago"; within the minute it is "now", and an engine whose clock is ahead has no events of the future. */
export function ago(ms: number, now: number): string {
    const format = new Intl.RelativeTimeFormat(language(), { numeric: "auto" });
    const passed = Math.max(0, now - ms);
    for (const [unit, length] of STEPS) if (passed >= length) return format.format(-Math.floor(passed / length), unit);
    return format.format(0, "second");
}

/** The wall clock, to keep relative times true; it rests while the tab is hidden. */
export function useNow(everyMs = 20_000): number {
    const [now, setNow] = useState(() => Date.now());
    useEffect(() => {
        const tick = (): void => {
            if (document.visibilityState === "visible") setNow(Date.now());
        };
        const timer = setInterval(tick, everyMs);
        document.addEventListener("visibilitychange", tick);
        return () => {
            clearInterval(timer);
            document.removeEventListener("visibilitychange", tick);
        };
    }, [everyMs]);
    return now;
}
