// SPDX-License-Identifier: Apache-2.0
import { LoadingCards } from "../app/FirstConnection";
import { ErrorAlert } from "../common/ErrorAlert";
import { PageFrame } from "../common/PageFrame";
import { _ } from "../i18n";
import { useTopic } from "../rpc/hooks";
import { HandoverCard, ManagerNotice } from "./HandoverCard";
import { BuiltCard, NicsCard } from "./LinkCards";
import { RoutingCard } from "./RoutingCard";
import { VirtualCard } from "./VirtualCard";

/** What the host is connected by, and who looks after it. */
export default function NetworksPage() {
    const topic = useTopic("networks");
    const title = _("Networks");
    if (topic.state === "loading")
        return <PageFrame page="networks" state="loading" title={title}><LoadingCards /></PageFrame>;
    if (topic.state === "error") {
        return (
            <PageFrame page="networks" state="error" title={title}>
                <ErrorAlert error={topic.error} title={_("The host's networks cannot be read")} />
            </PageFrame>
        );
    }
    const networks = topic.value;
    return (
        <PageFrame page="networks" state="ready" title={title}>
            <ManagerNotice networks={networks} />
            <NicsCard networks={networks} />
            <BuiltCard networks={networks} />
            <VirtualCard networks={networks} />
            <RoutingCard networks={networks} />
            <HandoverCard networks={networks} />
        </PageFrame>
    );
}
