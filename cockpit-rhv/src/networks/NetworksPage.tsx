// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { LoadingCards } from "../app/FirstConnection";
import { ErrorAlert } from "../common/ErrorAlert";
import { LimitedAccess } from "../common/LimitedAccess";
import { PageFrame } from "../common/PageFrame";
import { _ } from "../i18n";
import { Button } from "../pf";
import { usePrivileged, useTopic } from "../rpc/hooks";
import { ChangeBanner, isGoingOn } from "./ChangeBanner";
import { BondDialog, BridgeDialog, VlanDialog } from "./CreateDialogs";
import { HandoverCard, ManagerNotice } from "./HandoverCard";
import { BuiltCard, NicsCard } from "./LinkCards";
import { RoutingCard } from "./RoutingCard";
import { VirtualCard } from "./VirtualCard";

/** What the host is connected by, and who looks after it. */
export default function NetworksPage() {
    const topic = useTopic("networks");
    const privileged = usePrivileged();
    const [creating, setCreating] = useState<"bridge" | "bond" | "vlan" | null>(null);
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
    const { change, links, libvirt, manager } = networks;
    // What libvirt has must be known, for it is not to be taken from it.
    const fixed = !privileged || manager.state !== "running" || !libvirt.known || isGoingOn(change);
    const close = () => setCreating(null);
    return (
        <PageFrame page="networks" state="ready" title={title}
                   actions={(
                       <>
                           <Button id="create-bridge" isDisabled={fixed} onClick={() => setCreating("bridge")}>{_("Create bridge")}</Button>
                           <Button id="create-bond" variant="secondary" isDisabled={fixed} onClick={() => setCreating("bond")}>{_("Create bond")}</Button>
                           <Button id="create-vlan" variant="secondary" isDisabled={fixed} onClick={() => setCreating("vlan")}>{_("Create VLAN")}</Button>
                       </>
                   )}>
            <LimitedAccess>{_("You can look. Changing networks needs administrative access.")}</LimitedAccess>
            <ChangeBanner change={change} />
            <ManagerNotice networks={networks} />
            <NicsCard networks={networks} fixed={fixed} />
            <BuiltCard networks={networks} fixed={fixed} />
            <VirtualCard networks={networks} />
            <RoutingCard networks={networks} />
            <HandoverCard networks={networks} />
            {creating === "bridge" && <BridgeDialog links={links} onClose={close} />}
            {creating === "bond" && <BondDialog links={links} onClose={close} />}
            {creating === "vlan" && <VlanDialog links={links} onClose={close} />}
        </PageFrame>
    );
}
