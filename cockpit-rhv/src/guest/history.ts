// SPDX-License-Identifier: Apache-2.0
// A guest's load since its page was opened.
import { useEffect, useRef, useState } from "react";

import type { Guest } from "../guests/states";

/** The helper's own step: it tells nothing new in between, and nothing at all of a guest that does not change. */
export const STEP_S = 3;
export const KEPT = 200;

export interface Reading {
    at: number;
    cpu: number | null;
    memory: number | null;
    read: number | null;
    written: number | null;
    received: number | null;
    sent: number | null;
}

export function reading(guest: Guest, at: number): Reading {
    return {
        at,
        cpu: guest.cpu_percent ?? null,
        memory: guest.memory_used_mib ?? null,
        read: guest.disk_read_bytes_s ?? null,
        written: guest.disk_write_bytes_s ?? null,
        received: guest.net_rx_bytes_s ?? null,
        sent: guest.net_tx_bytes_s ?? null,
    };
}

/** The readings with one more, of which the oldest are let go. */
export function added(readings: readonly Reading[], next: Reading): readonly Reading[] {
    return [...readings, next].slice(-KEPT);
}

export function useHistory(guest: Guest): readonly Reading[] {
    const [readings, setReadings] = useState<readonly Reading[]>(() => [reading(guest, performance.now() / 1000)]);
    const latest = useRef(guest);
    useEffect(() => {
        latest.current = guest;
    }, [guest]);
    useEffect(() => {
        const timer = setInterval(() => {
            // The helper samples for nobody while the page is hidden: the graph has a gap then.
            if (!document.hidden)
                setReadings(before => added(before, reading(latest.current, performance.now() / 1000)));
        }, STEP_S * 1000);
        return () => clearInterval(timer);
    }, []);
    return readings;
}
