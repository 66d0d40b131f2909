// SPDX-License-Identifier: Apache-2.0
// A small script before the page's own: the helper starts while React, PatternFly and the rest are still on their way.
import { Session } from "../rpc/session";
import type { TopicName } from "../rpc/topics";
import { guard } from "./guard";
import { loadFor } from "./parts";
import { currentRoute, type Route } from "./route";

/** What a page shows first, asked for before it is drawn. */
const FIRST: Readonly<Partial<Record<Route["page"], TopicName>>> = { guests: "machines" };

const TRANSPORT_MS = 500;

export const session = new Session();

const first = FIRST[currentRoute().page];
if (first !== undefined) {
    const release = session.topics.watch(first, () => undefined);
    const stop = session.subscribe(() => {
        // Now the page itself watches, or somebody has gone elsewhere.
        if (session.getConnection().state === "connected") {
            stop();
            release();
        }
    });
}
session.start();
guard();
// Beside the page's script, not after it.
loadFor(currentRoute());
afterTransport(runPage);

/** The script of the page itself, which has been on its way since the document began. */
function runPage(): void {
    const script = document.createElement("script");
    script.type = "module";
    script.src = "index.js";
    document.head.append(script);
}

/** Runs something once what was sent is on its way: a page that draws itself holds the thread that Cockpit's transport needs to begin. */
function afterTransport(run: () => void): void {
    let begun = false;
    const once = () => {
        if (!begun)
            run();
        begun = true;
    };
    cockpit.transport.wait(once);
    // Without a transport the page has to say so.
    setTimeout(once, TRANSPORT_MS);
}
