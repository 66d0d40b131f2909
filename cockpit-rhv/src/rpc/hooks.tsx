// SPDX-License-Identifier: Apache-2.0
import { createContext, useCallback, useContext, useSyncExternalStore, type ReactNode } from "react";

import { useTicker } from "../common/time";
import type { Call } from "./client";
import type { Connection, Session } from "./session";
import type { TopicName, TopicState, TopicValue } from "./topics";

const SessionContext = createContext<Session | null>(null);

export function SessionProvider({ session, children }: { session: Session; children: ReactNode }) {
    return <SessionContext.Provider value={session}>{children}</SessionContext.Provider>;
}

export function useSession(): Session {
    const session = useContext(SessionContext);
    if (!session)
        throw new Error("useSession outside of SessionProvider");
    return session;
}

export function useConnection(): Connection {
    const session = useSession();
    return useSyncExternalStore(session.subscribe, session.getConnection);
}

export function useCall(): Call {
    return useSession().call;
}

/** True when the helper runs as root: what the buttons of privileged actions ask. */
export function usePrivileged(): boolean {
    const connection = useConnection();
    return connection.state === "connected" && connection.hello.privileged;
}

/** Whether guests can be changed: on a host of vdsm libvirt may let even root look only. For pages that show guests. */
export function useMayChange(): boolean {
    const privileged = usePrivileged();
    const machines = useTopicValue("machines");
    return privileged && machines?.libvirt.access !== "read-only";
}

export function useTopic<N extends TopicName>(name: N): TopicState<TopicValue<N>> {
    const { topics } = useSession();
    const watch = useCallback((listener: () => void) => topics.watch(name, listener), [topics, name]);
    const get = useCallback(() => topics.get(name), [topics, name]);
    return useSyncExternalStore(watch, get);
}

/** The topic's value, or null while there is none; for parts that merely add to a page. */
export function useTopicValue<N extends TopicName>(name: N): TopicValue<N> | null {
    const topic = useTopic(name);
    return topic.state === "ready" ? topic.value : null;
}

/** Seconds by the clock in which guests' `started_s` counts, going on between the helper's reports; null before the first. */
export function useHostClock(everyMs: number): number | null {
    const topic = useTopic("machines");
    const now = useTicker(topic.state === "ready", everyMs);
    return topic.state === "ready" ? topic.value.clock_s + Math.max(0, now - topic.at) / 1000 : null;
}
