// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";

/** Renders again every `intervalMs` while `active`; returns performance.now() of the last tick. */
export function useTicker(active: boolean, intervalMs = 1000): number {
    const [now, setNow] = useState(() => performance.now());
    useEffect(() => {
        if (!active)
            return;
        const timer = setInterval(() => setNow(performance.now()), intervalMs);
        return () => clearInterval(timer);
    }, [active, intervalMs]);
    return now;
}

/**
 * A duration the host measured, going on here between its reports. Only differences of this browser's own clock are
 * added, so that the two machines' clocks need not agree.
 */
export function useRunning(seconds: number, running: boolean): number {
    const [since, setSince] = useState(0);
    useEffect(() => {
        if (!running)
            return;
        const reported = performance.now();
        const tick = () => setSince((performance.now() - reported) / 1000);
        const first = setTimeout(tick, 0);
        const timer = setInterval(tick, 1000);
        return () => {
            clearTimeout(first);
            clearInterval(timer);
        };
    }, [seconds, running]);
    return running ? seconds + since : seconds;
}

/** True once `active` has been true for a while: a blink of a state is not worth saying. */
export function useLasting(active: boolean, delayMs: number): boolean {
    const [lasting, setLasting] = useState(false);
    useEffect(() => {
        if (!active)
            return;
        const timer = setTimeout(() => setLasting(true), delayMs);
        return () => {
            clearTimeout(timer);
            setLasting(false);
        };
    }, [active, delayMs]);
    return active && lasting;
}
