// SPDX-License-Identifier: Apache-2.0
import { Suspense, lazy } from "react";

import { DraftProvider } from "../engine/draft-context";
import { SessionProvider, useConnection } from "../rpc/hooks";
import type { Session } from "../rpc/session";
import { ConnectionNotice } from "./ConnectionNotice";
import { FirstConnection } from "./FirstConnection";
import { Navigation } from "./Navigation";
import { currentRoute, useRoute } from "./route";

/** Each page's code loads when the page is first shown. */
const load = {
    overview: () => import("../overview/OverviewPage"),
    guests: () => import("../guests/GuestsPage"),
    guest: () => import("../guest/GuestPage"),
    storage: () => import("../storage/StoragePage"),
    pool: () => import("../storage/PoolPage"),
    networks: () => import("../networks/NetworksPage"),
    create: () => import("../create/CreatePage"),
    clone: () => import("../create/ClonePage"),
    logs: () => import("../logs/CollectPage"),
    events: () => import("../logs/EventsPage"),
    console: () => import("../console/ConsolePage"),
    engine: () => import("../engine/EnginePage"),
    deploy: () => import("../engine/wizard/WizardPage"),
    job: () => import("../engine/job/JobPage"),
};

// The page that is asked for first loads while the helper starts.
load[currentRoute().page]().catch(() => undefined); // lazy() asks again, and says what is wrong

const OverviewPage = lazy(load.overview);
const GuestsPage = lazy(load.guests);
const GuestPage = lazy(load.guest);
const StoragePage = lazy(load.storage);
const PoolPage = lazy(load.pool);
const NetworksPage = lazy(load.networks);
const CreatePage = lazy(load.create);
const ClonePage = lazy(load.clone);
const CollectPage = lazy(load.logs);
const EventsPage = lazy(load.events);
const ConsolePage = lazy(load.console);
const EnginePage = lazy(load.engine);
const WizardPage = lazy(load.deploy);
const JobPage = lazy(load.job);

function Page() {
    const route = useRoute();
    switch (route.page) {
    case "overview": return <OverviewPage />;
    case "guests": return <GuestsPage query={route.query} />;
    case "guest": return <GuestPage key={route.uuid} uuid={route.uuid} query={route.query} />;
    case "storage": return <StoragePage />;
    case "pool": return <PoolPage key={route.uuid} uuid={route.uuid} />;
    case "networks": return <NetworksPage />;
    case "create": return <CreatePage />;
    case "clone": return <ClonePage key={route.uuid} uuid={route.uuid} />;
    case "logs": return <CollectPage />;
    case "events": return <EventsPage query={route.query} />;
    case "console": return <ConsolePage key={route.uuid} uuid={route.uuid} type={route.type} />;
    case "engine": return <EnginePage />;
    case "deploy": return <WizardPage key={route.resume ?? ""} step={route.step} resume={route.resume ?? null} />;
    case "job": return <JobPage key={route.id} id={route.id} page="job" from={route.from ?? null} />;
    }
}

function Connected() {
    const connection = useConnection();
    // Once a helper has answered, its pages stay through a loss: they hold what the user has typed.
    if (connection.hello === null)
        return <FirstConnection />;
    return (
        <>
            <ConnectionNotice />
            <Suspense fallback={null}><Page /></Suspense>
        </>
    );
}

export function App({ session }: { session: Session }) {
    return (
        <SessionProvider session={session}>
            <DraftProvider>
                <Navigation />
                <Connected />
            </DraftProvider>
        </SessionProvider>
    );
}
