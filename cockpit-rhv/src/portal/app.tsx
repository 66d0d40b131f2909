// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { _ } from "../i18n";
import { Live } from "./data/live";
import { currentSession, type Session, subscribeToSession } from "./data/session";
import { useLanguage } from "./language";
import { ConsoleResources } from "./pages/console";
import { Events } from "./pages/events";
import { Guests } from "./pages/guests";
import { HostDetails } from "./pages/host-details";
import { Hosts } from "./pages/hosts";
import { Login } from "./pages/login";
import { Overview } from "./pages/overview";
import { type Route, useRoute } from "./route";
import { LiveContext } from "./shell/context";
import { useIdleLogout } from "./shell/idle";
import { pageTitle, Shell } from "./shell/shell";

function CurrentPage({ route }: { route: Route }) {
    switch (route.page) {
        case "overview": return <Overview />;
        case "hosts": return route.id === null ? <Hosts /> : <HostDetails id={route.id} />;
        case "guests": return <Guests params={route.params} />;
        case "events": return <Events params={route.params} />;
        case "console": return <ConsoleResources />;
    }
}

function Portal({ session, arrived }: { session: Session; arrived: boolean }) {
    const route = useRoute();
    const live = useMemo(() => new Live(session), [session]);
    useEffect(() => live.start(), [live]);
    useIdleLogout(session);
    const title = pageTitle(route.page);
    useEffect(() => {
        document.title = `${title} · ${location.hostname}`;
    }, [title]);
    return (
        <LiveContext.Provider value={live}>
            <Shell session={session} arrived={arrived}><CurrentPage route={route} /></Shell>
        </LiveContext.Provider>
    );
}

/** The session this tab had when the page was loaded. */
const resumed = currentSession().session;

export function App() {
    // Read here, at the root, so that a change of language renders everything anew.
    const language = useLanguage();
    const { session, ended } = useSyncExternalStore(subscribeToSession, currentSession);
    useEffect(() => {
        if (!session) document.title = `${_("Log in")} · ${location.hostname}`;
    }, [session, language]);
    return session ? <Portal session={session} arrived={session !== resumed} /> : <Login ended={ended} />;
}
