// SPDX-License-Identifier: Apache-2.0
// Who is logged in. The token lives in sessionStorage: it survives a reload of this tab and goes with the tab. Memory
// alone would log people out at every reload and protect from nothing more: what could read one could read the other,
// and the page's content security policy lets no foreign script in.

export interface Session {
    token: string;
    user: string;
    /** Seconds without a sign of the visitor after which the session is to end; null when the Manager sets no limit. */
    idleS: number | null;
}

export type Ending = "logged-out" | "expired";

export interface SessionState {
    session: Session | null;
    /** Why there is no session, when there was one. */
    ended: Ending | null;
}

const KEY = "rhv-portal.session";

function stored(): Session | null {
    try {
        const value: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
        if (typeof value !== "object" || value === null || !("token" in value) || !("user" in value)) return null;
        const idleS = "idleS" in value && typeof value.idleS === "number" ? value.idleS : null;
        return { token: String(value.token), user: String(value.user), idleS };
    } catch {
        return null;
    }
}

let state: SessionState = { session: stored(), ended: null };
const listeners = new Set<() => void>();

function change(next: SessionState): void {
    state = next;
    try {
        if (next.session) sessionStorage.setItem(KEY, JSON.stringify(next.session));
        else sessionStorage.removeItem(KEY);
    } catch {
        // Storage is refused: the session then lasts until the next reload.
    }
    for (const listener of listeners) listener();
}

export const currentSession = (): SessionState => state;

export function subscribeToSession(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
}

export function beginSession(session: Session): void {
    change({ session, ended: null });
}

/** Ends the session if it is still the one with this token: a late 401 must not end a newer session. */
export function endSession(token: string, ended: Ending): void {
    if (state.session?.token === token) change({ session: null, ended });
}
