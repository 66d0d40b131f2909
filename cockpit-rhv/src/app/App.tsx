// SPDX-License-Identifier: Apache-2.0
import { DraftProvider } from "../engine/draft-context";
import GuestsPage from "../guests/GuestsPage";
import OverviewPage from "../overview/OverviewPage";
import { SessionProvider, useConnection } from "../rpc/hooks";
import type { Session } from "../rpc/session";
import { ConnectionNotice } from "./ConnectionNotice";
import { FirstConnection } from "./FirstConnection";
import { Navigation } from "./Navigation";
import { Part } from "./Part";
import { useRoute } from "./route";

/** Which part a page is in says parts.ts. */
function Page() {
    const route = useRoute();
    switch (route.page) {
    case "overview": return <OverviewPage />;
    case "guests": return <GuestsPage query={route.query} />;
    case "guest": return <Part name="guest">{({ GuestPage }) => <GuestPage key={route.uuid} uuid={route.uuid} query={route.query} />}</Part>;
    case "console": return <Part name="guest">{({ ConsolePage }) => <ConsolePage key={route.uuid} uuid={route.uuid} type={route.type} />}</Part>;
    case "create": return <Part name="create">{({ CreatePage }) => <CreatePage />}</Part>;
    case "clone": return <Part name="create">{({ ClonePage }) => <ClonePage key={route.uuid} uuid={route.uuid} />}</Part>;
    case "storage": return <Part name="storage">{({ StoragePage }) => <StoragePage />}</Part>;
    case "pool": return <Part name="storage">{({ PoolPage }) => <PoolPage key={route.uuid} uuid={route.uuid} />}</Part>;
    case "networks": return <Part name="networks">{({ NetworksPage }) => <NetworksPage />}</Part>;
    case "logs": return <Part name="logs">{({ CollectPage }) => <CollectPage />}</Part>;
    case "events": return <Part name="logs">{({ EventsPage }) => <EventsPage query={route.query} />}</Part>;
    case "engine": return <Part name="engine">{({ EnginePage }) => <EnginePage />}</Part>;
    case "deploy": return <Part name="engine">{({ WizardPage }) => <WizardPage key={route.resume ?? ""} step={route.step} resume={route.resume ?? null} />}</Part>;
    case "job": return <Part name="engine">{({ JobPage }) => <JobPage key={route.id} id={route.id} page="job" from={route.from ?? null} />}</Part>;
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
            <Page />
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
