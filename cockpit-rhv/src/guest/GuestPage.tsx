// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";
import ArrowLeftIcon from "@patternfly/react-icons/dist/esm/icons/arrow-left-icon.js";
import ServerIcon from "@patternfly/react-icons/dist/esm/icons/server-icon.js";

import { LoadingCards } from "../app/FirstConnection";
import { href, type Query } from "../app/route";
import { ErrorAlert } from "../common/ErrorAlert";
import { LibvirtNotice } from "../common/LibvirtNotice";
import { LimitedAccess } from "../common/LimitedAccess";
import { Notice } from "../common/Notice";
import { PageFrame } from "../common/PageFrame";
import { State } from "../guests/columns";
import { GuestJobs } from "../guests/GuestJobs";
import { pendingJobs, useJobs } from "../guests/atWork";
import { RunResults } from "../guests/RunResults";
import { pendingActions, useRuns } from "../guests/runs";
import { isActive, isProtected, ownerWord, type Guest } from "../guests/states";
import { _ } from "../i18n";
import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from "../pf";
import { useMayChange, useTopic } from "../rpc/hooks";
import { AgentCard } from "./AgentCard";
import { ConsoleCard } from "./ConsoleCard";
import { DefinitionCard } from "./DefinitionCard";
import { DisksCard } from "./DisksCard";
import { FactsCard } from "./FactsCard";
import { GuestActions } from "./GuestActions";
import { GraphsCard } from "./GraphsCard";
import { NicsCard } from "./NicsCard";
import { Label } from "./pf";
import { SnapshotsCard } from "./SnapshotsCard";
import { TaskNotices } from "./TaskNotices";

function Back({ query }: { query: Query }) {
    return (
        <nav aria-label={_("Back")} className="rhv-back">
            <Button variant="link" isInline component="a" href={href({ page: "guests", query })} icon={<ArrowLeftIcon aria-hidden />} id="back">
                {_("All guests")}
            </Button>
        </nav>
    );
}

/** `known`: the name under which the guest was seen while the page was open. */
function Gone({ known, query }: { known: string | null; query: Query }) {
    return (
        <EmptyState headingLevel="h2" icon={ServerIcon} data-empty={known === null ? "unknown" : "gone"}
                    titleText={known === null ? _("There is no such guest on this host") : _("{name} is gone", { name: known })}>
            <EmptyStateBody>
                {known === null
                    ? _("It may have been removed, or it runs on another host now.")
                    : _("It has been removed or moved to another host, or it had no stored definition and is off.")}
            </EmptyStateBody>
            <EmptyStateFooter>
                <EmptyStateActions>
                    <Button component="a" href={href({ page: "guests", query })}>{_("Show all guests")}</Button>
                </EmptyStateActions>
            </EmptyStateFooter>
        </EmptyState>
    );
}

function Foreign({ owner }: { owner: Guest["owner"] }) {
    if (owner === "managed") {
        return (
            <Notice variant="info" title={_("This guest is run by a Manager")} id="foreign">
                {_("What is changed here would be undone there. It can be looked at; use the Manager's portal to change it.")}
            </Notice>
        );
    }
    return (
        <Notice variant="info" title={_("This guest is the hosted engine: the Manager runs in it")} id="foreign">
            <Button variant="link" isInline component="a" href={href({ page: "engine" })}>{_("Show the engine")}</Button>
        </Notice>
    );
}

function Body({ guest }: { guest: Guest }) {
    const privileged = useMayChange();
    const topic = useTopic(`machine/${guest.uuid}`);
    const locked = isProtected(guest) || !privileged || guest.state === "unknown";
    if (topic.state === "loading")
        return <LoadingCards />;
    if (topic.state === "error")
        return <ErrorAlert error={topic.error} title={_("What this guest is made of cannot be read")} />;
    const common = { guest, details: topic.value, locked };
    return (
        <>
            <div className="rhv-guest-page__top">
                <FactsCard {...common} />
                <GraphsCard guest={guest} />
            </div>
            <ConsoleCard guest={guest} />
            <DisksCard {...common} />
            <NicsCard {...common} />
            <SnapshotsCard {...common} />
            <AgentCard {...common} />
            <DefinitionCard {...common} />
        </>
    );
}

/** One guest: what it does, what it is made of, and everything that can be done to it. */
export default function GuestPage({ uuid, query }: { uuid: string; query: Query }) {
    const topic = useTopic("machines");
    const runs = useRuns();
    const jobs = useJobs();
    const [known, setKnown] = useState<string | null>(null);
    const guest = topic.state === "ready" ? topic.value.machines[uuid] : undefined;
    const name = guest?.name;
    // Remembered while it is drawn: it may be gone the next time.
    if (name !== undefined && name !== known)
        setKnown(name);
    const above = <Back query={query} />;
    if (topic.state === "error") {
        return (
            <PageFrame page="guest" state="error" title={_("Guest")} above={above}>
                <ErrorAlert error={topic.error} title={_("The guests cannot be read")} />
            </PageFrame>
        );
    }
    if (topic.state === "loading" || (!guest && topic.value.libvirt.state === "connecting"))
        return <PageFrame page="guest" state="loading" title={known ?? _("Guest")} above={above}><LoadingCards /></PageFrame>;
    const { libvirt } = topic.value;
    if (!guest) {
        return (
            <PageFrame page="guest" state="ready" title={known ?? _("Guest")} above={above}>
                <LibvirtNotice libvirt={libvirt} />
                <TaskNotices uuid={uuid} />
                <GuestJobs uuid={uuid} />
                {libvirt.state === "connected" && <Gone known={known} query={query} />}
            </PageFrame>
        );
    }
    const mine = runs.filter(run => run.names.has(uuid));
    const pending = pendingActions(mine).get(uuid) ?? pendingJobs(jobs, () => isActive(guest)).get(uuid);
    return (
        <PageFrame page="guest" state="ready" title={guest.name} above={above} actions={<GuestActions guest={guest} />}
                   badge={(
                       <>
                           <State guest={guest} pending={pending} />
                           {isProtected(guest) && <Label isCompact>{ownerWord(guest.owner)}</Label>}
                           {guest.emulated && <Label isCompact color="yellow">{_("emulated")}</Label>}
                       </>
                   )}>
            <LimitedAccess>{_("You can look. Starting, stopping and everything else needs administrative access.")}</LimitedAccess>
            <LibvirtNotice libvirt={libvirt} />
            {libvirt.state === "connected" && guest.error && <ErrorAlert error={guest.error} title={_("The state of this guest is not known")} />}
            {isProtected(guest) && <Foreign owner={guest.owner} />}
            <RunResults runs={mine} />
            <TaskNotices uuid={uuid} />
            <GuestJobs uuid={uuid} />
            <Body guest={guest} />
        </PageFrame>
    );
}
