// SPDX-License-Identifier: Apache-2.0
import { useEffect } from "react";
import { logout } from "../data/api";
import type { Session } from "../data/session";

const SIGNS = ["pointerdown", "pointermove", "keydown", "wheel", "touchstart"] as const;

/** Ends the session of a visitor who went away. The Manager cannot tell: what the page reads by itself to stay live
 * looks to it like somebody at work. */
export function useIdleLogout(session: Session): void {
    useEffect(() => {
        const { idleS } = session;
        if (idleS === null) return;
        let seen = performance.now();
        const sign = (): void => {
            seen = performance.now();
        };
        for (const name of SIGNS) window.addEventListener(name, sign, { capture: true, passive: true });
        const timer = setInterval(() => {
            if (performance.now() - seen > idleS * 1000) void logout(session, "expired");
        }, Math.min(30_000, idleS * 250));
        return () => {
            clearInterval(timer);
            for (const name of SIGNS) window.removeEventListener(name, sign, { capture: true });
        };
    }, [session]);
}
