// SPDX-License-Identifier: Apache-2.0
import type { Query } from "../app/route";
import { LoadingCards } from "../app/FirstConnection";
import { ErrorAlert } from "../common/ErrorAlert";
import { PageFrame } from "../common/PageFrame";
import { _ } from "../i18n";
import { useTopic } from "../rpc/hooks";

/** All guests of this host, live. */
export default function GuestsPage({ query }: { query: Query }) {
    const topic = useTopic("machines");
    if (topic.state === "loading")
        return <PageFrame page="guests" state="loading" title={_("Guests")}><LoadingCards /></PageFrame>;
    if (topic.state === "error") {
        return (
            <PageFrame page="guests" state="error" title={_("Guests")}>
                <ErrorAlert error={topic.error} title={_("The guests cannot be read")} />
            </PageFrame>
        );
    }
    const wanted = query.search ?? "";
    const names = Object.values(topic.value.machines).map(({ name }) => name).filter(name => name.includes(wanted));
    return (
        <PageFrame page="guests" state="ready" title={_("Guests")}>
            <ul>{names.map(name => <li key={name}>{name}</li>)}</ul>
        </PageFrame>
    );
}
