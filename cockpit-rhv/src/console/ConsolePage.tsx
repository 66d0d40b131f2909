// SPDX-License-Identifier: Apache-2.0
import { LoadingCards } from "../app/FirstConnection";
import { amend, href } from "../app/route";
import { ErrorAlert } from "../common/ErrorAlert";
import { LibvirtNotice } from "../common/LibvirtNotice";
import { PageFrame } from "../common/PageFrame";
import { State } from "../guests/columns";
import { _ } from "../i18n";
import { useTopic } from "../rpc/hooks";
import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from "../pf";
import type { Kind } from "./channel";
import { GuestConsole } from "./GuestConsole";

function ToGuests() {
    return <Button variant="link" component="a" href={href({ page: "guests", query: {} })} id="console-guests">{_("All guests")}</Button>;
}

/** One guest's console alone. */
export default function ConsolePage({ uuid, type }: { uuid: string; type: Kind }) {
    const topic = useTopic("machines");
    const title = _("Console");
    if (topic.state === "error")
        return <PageFrame page="console" state="error" title={title}><ErrorAlert error={topic.error} title={_("The guests cannot be read")} /></PageFrame>;
    const guest = topic.state === "ready" ? topic.value.machines[uuid] : undefined;
    if (topic.state === "loading" || (guest === undefined && topic.value.libvirt.state === "connecting"))
        return <PageFrame page="console" state="loading" title={title}><LoadingCards /></PageFrame>;
    if (guest === undefined) {
        return (
            <PageFrame page="console" state="ready" view="gone" title={title}>
                <LibvirtNotice libvirt={topic.value.libvirt} />
                <EmptyState headingLevel="h2" titleText={_("This guest does not exist.")} data-console-gone>
                    <EmptyStateBody>{_("It may have been removed, or libvirt does not show it at the moment.")}</EmptyStateBody>
                    <EmptyStateFooter><EmptyStateActions><ToGuests /></EmptyStateActions></EmptyStateFooter>
                </EmptyState>
            </PageFrame>
        );
    }
    return (
        <PageFrame page="console" state="ready" view={type} title={guest.name} badge={<State guest={guest} pending={undefined} />} actions={<ToGuests />} fill>
            <LibvirtNotice libvirt={topic.value.libvirt} />
            <GuestConsole guest={guest} kind={type} onKind={kind => amend({ page: "console", uuid, type: kind })}
                          alone={window.parent === window} />
        </PageFrame>
    );
}
