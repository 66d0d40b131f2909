// SPDX-License-Identifier: Apache-2.0
// How full a domain was since its page was opened.
import { useEffect, useRef, useState } from "react";

import type { Sample } from "../overview/lines";
import type { Pool } from "./words";

/** The helper's own step. */
export const STEP_S = 10;
export const KEPT = 180;

export interface Reading {
    at: number;
    used: number | null;
    answer: number | null;
}

export function reading(pool: Pool, at: number): Reading {
    // What is only the last known says nothing about now: the line has a gap.
    return { at, used: pool.error ? null : pool.allocation_bytes ?? null, answer: pool.answer_ms ?? null };
}

export function samples(readings: readonly Reading[], field: "used" | "answer"): Sample[] {
    return readings.map(one => ({ at: one.at, value: one[field] }));
}

export function useHistory(pool: Pool): readonly Reading[] {
    const [readings, setReadings] = useState<readonly Reading[]>(() => [reading(pool, performance.now() / 1000)]);
    const latest = useRef(pool);
    useEffect(() => {
        latest.current = pool;
    }, [pool]);
    useEffect(() => {
        const timer = setInterval(() => {
            // The helper asks for nobody while the page is hidden: the graph has a gap then.
            if (!document.hidden)
                setReadings(before => [...before, reading(latest.current, performance.now() / 1000)].slice(-KEPT));
        }, STEP_S * 1000);
        return () => clearInterval(timer);
    }, []);
    return readings;
}
