// SPDX-License-Identifier: Apache-2.0
import { useCallback, useMemo, useState } from "react";

import { LoadingCards } from "../app/FirstConnection";
import { amend, go, type Query } from "../app/route";
import { ErrorAlert } from "../common/ErrorAlert";
import { LibvirtNotice } from "../common/LibvirtNotice";
import { LimitedAccess } from "../common/LimitedAccess";
import { PageFrame } from "../common/PageFrame";
import { number } from "../format";
import type { Machines } from "../generated/wire";
import { _, plural } from "../i18n";
import { useCall, useHostClock, useMayChange, useTopic } from "../rpc/hooks";
import type { Live } from "../rpc/merge";
import { ActDialog, needsConfirmation } from "./ActDialog";
import { ClockContext, QueryContext } from "./columns";
import { NoGuests, NothingMatches } from "./EmptyStates";
import { GuestJobs } from "./GuestJobs";
import { pendingJobs, useJobs } from "./atWork";
import { GuestTable } from "./GuestTable";
import { isFiltered, parseQuery, sortedBy, toQuery, type Column, type Wanted } from "./query";
import { RunResults } from "./RunResults";
import { pendingActions, runStore, useRuns } from "./runs";
import { selectGuests } from "./select";
import { SelectionBar } from "./SelectionBar";
import { CreateButton } from "./CreateButton";
import { groupOf, isActive, isProtected, type Action, type Guest } from "./states";
import { Toolbar } from "./Toolbar";
import { useSelection } from "./useSelection";

/** Seconds in which the uptimes of a list move. */
const CLOCK_STEP_S = 10;

function List({ value, query }: { value: Live<Machines>; query: Query }) {
    const call = useCall();
    const privileged = useMayChange();
    const clock = useHostClock(CLOCK_STEP_S * 1000);
    const runs = useRuns();
    const [asked, setAsked] = useState<{ action: Action; guests: readonly Guest[] } | null>(null);

    const guests = useMemo(() => Object.values(value.machines), [value.machines]);
    const foreign = useMemo(() => guests.some(isProtected), [guests]);
    const wanted = useMemo(() => parseQuery(query), [query]);
    // Where every guest is this host's own the column says nothing.
    const columns = useMemo(() => wanted.columns.filter(column => foreign || column !== "owner"), [wanted, foreign]);
    const shown = useMemo(() => selectGuests(guests, wanted), [guests, wanted]);
    const jobs = useJobs();
    const pending = useMemo(() => {
        const active = (uuid: string) => {
            const guest = value.machines[uuid];
            return guest !== undefined && isActive(guest);
        };
        return new Map([...pendingJobs(jobs, active), ...pendingActions(runs)]);
    }, [jobs, runs, value.machines]);
    const selection = useSelection(shown);
    const { clear } = selection;

    const show = useCallback((next: Wanted, typing = false) => {
        const route = { page: "guests", query: toQuery(next) } as const;
        if (typing)
            amend(route);
        else
            go(route);
    }, []);
    const onSort = useCallback((column: Column) => show(sortedBy(wanted, column)), [show, wanted]);
    const run = useCallback((action: Action, chosen: readonly Guest[], wait_s: number | null = null) => {
        setAsked(null);
        clear();
        const names = new Map(chosen.map(({ uuid, name }) => [uuid, name]));
        void (wait_s === null ? runStore.start(call, action, names) : runStore.shutDown(call, names, wait_s));
    }, [call, clear]);
    const onAction = useCallback((action: Action, chosen: readonly Guest[]) => {
        if (needsConfirmation(action))
            setAsked({ action, guests: chosen });
        else
            run(action, chosen);
    }, [run]);

    if (guests.length === 0)
        return value.libvirt.state === "connected" ? <NoGuests /> : null;
    return (
        <ClockContext.Provider value={clock === null ? null : Math.floor(clock / CLOCK_STEP_S) * CLOCK_STEP_S}>
            <RunResults runs={runs} />
            <GuestJobs uuid={null} />
            <Toolbar guests={guests} wanted={wanted} onChange={show} />
            <p className="pf-v6-screen-reader" role="status">
                {isFiltered(wanted) && _("{shown} of {total} guests shown", { shown: number(shown.length), total: number(guests.length) })}
            </p>
            {shown.length === 0
                ? <NothingMatches onClear={() => show({ ...wanted, search: "", state: null, owner: null })} />
                : (
                    <QueryContext.Provider value={query}>
                        <GuestTable guests={shown} wanted={wanted} columns={columns} pending={pending} privileged={privileged} selection={selection}
                                    onSort={onSort} onAction={onAction} />
                    </QueryContext.Provider>
                )}
            {selection.some && (
                <SelectionBar guests={shown.filter(({ uuid }) => selection.uuids.has(uuid))} onAction={onAction} onClear={clear} />
            )}
            {asked && needsConfirmation(asked.action) && (
                <ActDialog action={asked.action} guests={asked.guests} onClose={() => setAsked(null)}
                           onConfirm={wait_s => run(asked.action, asked.guests, wait_s)} />
            )}
        </ClockContext.Provider>
    );
}

function Count({ value }: { value: Live<Machines> }) {
    const guests = Object.values(value.machines);
    if (guests.length === 0)
        return null;
    // Without libvirt nobody knows what runs.
    if (value.libvirt.state !== "connected")
        return <span className="rhv-muted" id="guest-count">{plural("{count} guest", "{count} guests", guests.length)}</span>;
    const running = guests.filter(guest => groupOf(guest) === "running").length;
    return <span className="rhv-muted" id="guest-count">{_("{running} of {total} running", { running: number(running), total: number(guests.length) })}</span>;
}

/** All guests of this host, live. */
export default function GuestsPage({ query }: { query: Query }) {
    const topic = useTopic("machines");
    if (topic.state === "error") {
        return (
            <PageFrame page="guests" state="error" title={_("Guests")}>
                <ErrorAlert error={topic.error} title={_("The guests cannot be read")} />
            </PageFrame>
        );
    }
    // While libvirt is being asked nobody knows whether there are guests; those of before are shown as they were.
    if (topic.state === "loading" || (topic.value.libvirt.state === "connecting" && Object.keys(topic.value.machines).length === 0))
        return <PageFrame page="guests" state="loading" title={_("Guests")}><LoadingCards /></PageFrame>;
    return (
        <PageFrame page="guests" state="ready" title={_("Guests")} badge={<Count value={topic.value} />}
                   actions={topic.value.libvirt.state === "connected" && <CreateButton />}>
            <LimitedAccess>{_("You can look. Starting, stopping and everything else needs administrative access.")}</LimitedAccess>
            <LibvirtNotice libvirt={topic.value.libvirt} />
            <List value={topic.value} query={query} />
        </PageFrame>
    );
}
