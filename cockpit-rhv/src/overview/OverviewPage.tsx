// SPDX-License-Identifier: Apache-2.0
import { sectionTitle } from "../app/sections";
import { PageFrame } from "../common/PageFrame";
import { LimitedAccess } from "../common/LimitedAccess";
import { _ } from "../i18n";
import { useTopic } from "../rpc/hooks";
import { HaCard } from "./HaCard";
import { HealthCard } from "./HealthCard";
import { HostCard } from "./HostCard";
import { LoadCard } from "./LoadCard";
import { MemoryCard } from "./MemoryCard";

/** Is this host healthy, what is wrong, how is it mended; and what it does just now. */
export default function OverviewPage() {
    const health = useTopic("health");
    const host = useTopic("host");
    // Each card says by itself what it cannot show; the page is there as soon as one has something.
    const states = [health.state, host.state];
    const state = states.includes("ready") ? "ready" : states.includes("loading") ? "loading" : "error";
    const name = host.state === "ready" ? host.value.fqdn ?? host.value.hostname : null;
    return (
        <PageFrame page="overview" state={state} title={sectionTitle("overview")}
                   badge={name !== null && <span className="rhv-muted">{name}</span>}>
            <LimitedAccess>
                {_("Some of this host can be examined by an administrator only; what could not be read is shown as unknown.")}
            </LimitedAccess>
            <div className="rhv-overview">
                <div className="rhv-stack">
                    <HealthCard />
                    <LoadCard />
                </div>
                <div className="rhv-stack">
                    <HostCard />
                    <HaCard />
                    <MemoryCard />
                </div>
            </div>
        </PageFrame>
    );
}
