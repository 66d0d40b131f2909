// SPDX-License-Identifier: Apache-2.0
import { Suspense, lazy } from "react";

import { EnginePage } from "../engine/EnginePage";
import { DraftProvider } from "../engine/draft-context";
import { SessionProvider, useConnection } from "../rpc/hooks";
import { ConnectionNotice } from "./ConnectionNotice";
import { FirstConnection } from "./FirstConnection";
import { useRoute } from "./route";

const JobPage = lazy(() => import("../engine/job/JobPage"));
const WizardPage = lazy(() => import("../engine/wizard/WizardPage"));

function Page() {
    const route = useRoute();
    switch (route.page) {
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

export function App() {
    return (
        <SessionProvider>
            <DraftProvider>
                <Connected />
            </DraftProvider>
        </SessionProvider>
    );
}
