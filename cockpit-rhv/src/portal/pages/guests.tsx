// SPDX-License-Identifier: Apache-2.0
import { Button } from "@patternfly/react-core/dist/esm/components/Button/index.js";
import { Label } from "@patternfly/react-core/dist/esm/components/Label/index.js";
import { number } from "../../format";
import { _, plural } from "../../i18n";
import type { Guest, Host } from "../data/model";
import { href } from "../route";
import { useLive, usePicture } from "../shell/context";
import { clearFilters, Filters, matches } from "../widgets/filters";
import { LoadCell } from "../widgets/load-cell";
import { Empty, WhenLoaded } from "../widgets/notice";
import { PageHeader } from "../widgets/page-header";
import { StatusLabel } from "../widgets/status-label";
import { type Column, Table } from "../widgets/table";
import { Words } from "../widgets/words";
import { guestStatus } from "../words";

function GuestName({ guest }: { guest: Guest }) {
    return (
        <span className="rhv-name">
            {guest.name}
            {guest.isEngine && <Label isCompact color="purple">{_("This Manager")}</Label>}
        </span>
    );
}

function note(guest: Guest) {
    const { meaning, next } = guestStatus(guest.status);
    return meaning ? <Words text={`${meaning} ${next}`} /> : null;
}

/** The table of guests, here and on a host's page. */
export function GuestTable({ guests, hosts }: { guests: readonly Guest[]; hosts: readonly Host[] | null }) {
    const live = useLive();
    const columns: Column<Guest>[] = [
        { key: "name", title: _("Name"), heading: true, cell: guest => <GuestName guest={guest} /> },
        { key: "status", title: _("Status"), className: "rhv-m-status", cell: guest => <StatusLabel meaning={guestStatus(guest.status)} /> },
    ];
    if (hosts) {
        columns.push({
            key: "host", title: _("Host"),
            cell: guest => {
                const host = hosts.find(({ id }) => id === guest.hostId);
                return host ? <a href={href("hosts", host.id)}>{host.name}</a> : <span className="rhv-muted">{_("none")}</span>;
            },
        });
    }
    columns.push({
        key: "cpu", title: _("CPU"), className: "rhv-m-load", live: true,
        cell: guest => (
            <LoadCell load={guest.load} samples={live.samples(guest.id)} live={guest.status === "up"} field="cpu"
                      {...(guest.vcpus === null ? {} : { note: plural("of {count} vCPU", "of {count} vCPUs", guest.vcpus) })} />
        ),
    }, {
        key: "memory", title: _("Memory"), className: "rhv-m-load", live: true,
        cell: guest => <LoadCell load={guest.load} samples={live.samples(guest.id)} live={guest.status === "up"} field="memory" />,
    });
    return <Table label={_("Guests")} columns={columns} rows={guests} id={({ id }) => id} note={note} />;
}

function selected(guests: readonly Guest[], hosts: readonly Host[], params: URLSearchParams): Guest[] {
    const status = params.get("status");
    const host = params.get("host");
    const search = params.get("search") ?? "";
    return guests.filter(guest => (!status || guest.status === status) && (!host || guest.hostId === host)
        && matches(search, [
            guest.name, guestStatus(guest.status).label, hosts.find(({ id }) => id === guest.hostId)?.name ?? "",
            guest.isEngine ? _("This Manager") : "",
        ]));
}

export function Guests({ params }: { params: URLSearchParams }) {
    const { guests, hosts } = usePicture();
    const known = hosts.data ?? [];
    const found = selected(guests.data ?? [], known, params);
    const statuses = Array.from(new Set([...(guests.data ?? []).map(({ status }) => status), params.get("status") ?? ""]))
        .filter(Boolean).sort();
    return (
        <>
            <PageHeader title={_("Guests")}>
                <p>{_("The virtual machines on this Manager's hosts. They are started, stopped and changed in Cockpit on their host.")}</p>
            </PageHeader>
            <WhenLoaded loaded={guests} empty={(
                <Empty title={_("There are no guests yet")}>
                    {_("A guest appears here within seconds of being created on one of the hosts: in Cockpit, with virsh or with virt-install. The Manager's own machine appears once its host is up.")}
                </Empty>
            )}>
                {all => (
                    <>
                        <Filters params={params} searchLabel={_("Search guests")} filters={[
                            {
                                param: "status", label: _("Status"), all: _("Every status"),
                                choices: statuses.map(value => ({ value, label: guestStatus(value).label })),
                            },
                            {
                                param: "host", label: _("Host"), all: _("Every host"),
                                choices: known.map(({ id, name }) => ({ value: id, label: name })),
                            },
                        ]} result={found.length === all.length
                            ? plural("{count} guest", "{count} guests", all.length)
                            : _("{found} of {all} guests", { found: number(found.length), all: number(all.length) })} />
                        {found.length === 0
                            ? (
                                <Empty title={_("No guest matches")}>
                                    <Button variant="link" onClick={() => clearFilters(params)}>{_("Clear the filters")}</Button>
                                </Empty>
                            )
                            : <div className="rhv-panel"><GuestTable guests={found} hosts={known} /></div>}
                    </>
                )}
            </WhenLoaded>
        </>
    );
}
