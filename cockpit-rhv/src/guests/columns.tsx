// SPDX-License-Identifier: Apache-2.0
// The columns of the list: what each is called and what stands in it.
import { createContext, useContext, type ReactNode } from "react";

import type { Query } from "../app/route";
import { bytes, duration, mebibytes, percent } from "../format";
import { _ } from "../i18n";
import { Spinner } from "../pf";
import { Status } from "../common/Status";
import { both } from "./select";
import type { Column } from "./query";
import { doingTitle, ownerWord, stateTone, stateWord, type Doing, type Guest } from "./states";

/** The host's clock, in steps in which a list of uptimes changes; null while it is not known. */
export const ClockContext = createContext<number | null>(null);

/** What the list shows and how: a guest's page leads back to it. */
export const QueryContext = createContext<Query>({});

export function columnTitle(column: Column): string {
    switch (column) {
    case "name": return _("Name");
    case "state": return _("State");
    case "cpu": return _("CPU");
    case "memory": return _("Memory");
    case "disk": return _("Disk");
    case "network": return _("Network");
    case "addresses": return _("Addresses");
    case "uptime": return _("Uptime");
    case "autostart": return _("Autostart");
    case "owner": return _("Owner");
    }
}

/** What nobody knows, or what a guest that is off does not have. */
function Nothing() {
    return <span className="rhv-muted" aria-hidden data-nothing>–</span>;
}

function perSecond(value: number): string {
    return _("{amount}/s", { amount: bytes(value) });
}

/** Two rates as one figure; which is which is told by the title. */
function Rate({ one, other, title }: { one: number | undefined; other: number | undefined; title: (one: string, other: string) => string }) {
    const sum = both(one, other);
    if (sum === null)
        return <Nothing />;
    return <span title={title(perSecond(one ?? 0), perSecond(other ?? 0))} className={sum === 0 ? "rhv-muted" : undefined}>{perSecond(sum)}</span>;
}

function Uptime({ started }: { started: number | undefined }) {
    const clock = useContext(ClockContext);
    if (started === undefined || clock === null)
        return <Nothing />;
    const seconds = Math.max(0, clock - started);
    // The seconds of what has run for minutes would only flicker.
    return <>{duration(seconds < 60 ? seconds : Math.floor(seconds / 60) * 60)}</>;
}

function Memory({ guest }: { guest: Guest }) {
    const total = mebibytes(guest.memory_mib);
    return <>{guest.memory_used_mib === undefined ? total : _("{used} of {total}", { used: mebibytes(guest.memory_used_mib), total })}</>;
}

function Addresses({ addresses }: { addresses: readonly string[] | undefined }) {
    const [first, ...more] = addresses ?? [];
    if (first === undefined)
        return <Nothing />;
    return (
        <span title={addresses?.join("\n")}>
            {first}
            {more.length > 0 && <span className="rhv-muted">{` +${String(more.length)}`}</span>}
        </span>
    );
}

export function State({ guest, pending }: { guest: Guest; pending: Doing | undefined }) {
    if (pending !== undefined) {
        return (
            <span className="rhv-status">
                <Spinner size="sm" aria-valuetext={_("Running")} />
                <span>{_("{action}…", { action: doingTitle(pending) })}</span>
            </span>
        );
    }
    return <Status tone={stateTone(guest)}>{stateWord(guest)}</Status>;
}

export function cell(column: Exclude<Column, "name" | "state">, guest: Guest): ReactNode {
    switch (column) {
    case "cpu": return guest.cpu_percent === undefined ? <Nothing /> : percent(guest.cpu_percent / 100);
    case "memory": return <Memory guest={guest} />;
    case "disk":
        return (
            <Rate one={guest.disk_read_bytes_s} other={guest.disk_write_bytes_s}
                  title={(read, written) => _("{read} read, {written} written", { read, written })} />
        );
    case "network":
        return (
            <Rate one={guest.net_rx_bytes_s} other={guest.net_tx_bytes_s}
                  title={(received, sent) => _("{received} received, {sent} sent", { received, sent })} />
        );
    case "addresses": return <Addresses addresses={guest.addresses} />;
    case "uptime": return <Uptime started={guest.started_s} />;
    case "autostart": return guest.autostart ? _("yes") : <span className="rhv-muted">{_("no")}</span>;
    case "owner": return <span className={guest.owner === "local" ? "rhv-muted" : undefined}>{ownerWord(guest.owner)}</span>;
    }
}
