// SPDX-License-Identifier: Apache-2.0
import { _, plural } from "../../i18n";
import { number } from "../../format";
import type { Host } from "../data/model";
import { href } from "../route";
import { useLive, usePicture } from "../shell/context";
import { LoadCell } from "../widgets/load-cell";
import { Empty, WhenLoaded } from "../widgets/notice";
import { PageHeader } from "../widgets/page-header";
import { StatusLabel } from "../widgets/status-label";
import { type Column, Table } from "../widgets/table";
import { Words } from "../widgets/words";
import { hostStatus } from "../words";

function note(host: Host) {
    if (host.status === "up") return null;
    const { meaning, next } = hostStatus(host.status);
    return <Words text={`${meaning} ${next}`} />;
}

function HostTable({ hosts }: { hosts: readonly Host[] }) {
    const live = useLive();
    const load = (field: "cpu" | "memory") => (host: Host) => (
        <LoadCell load={host.load} samples={live.samples(host.id)} live={host.status === "up"} field={field}
                  {...(field === "cpu" && host.cpus !== null ? { note: plural("of {count} CPU", "of {count} CPUs", host.cpus) } : {})} />
    );
    const columns: Column<Host>[] = [
        {
            key: "name", title: _("Name"), heading: true,
            cell: host => (
                <>
                    <a href={href("hosts", host.id)}>{host.name}</a>
                    {host.address !== host.name && <div className="rhv-muted rhv-address">{host.address}</div>}
                </>
            ),
        },
        { key: "status", title: _("Status"), className: "rhv-m-status", cell: host => <StatusLabel meaning={hostStatus(host.status)} /> },
        { key: "cpu", title: _("CPU"), className: "rhv-m-load", live: true, cell: load("cpu") },
        { key: "memory", title: _("Memory"), className: "rhv-m-load", live: true, cell: load("memory") },
        {
            key: "guests", title: _("Guests"), className: "rhv-m-number",
            cell: host => host.guests === null
                ? "–"
                : <a href={href("guests", undefined, { host: host.id })}
                     aria-label={plural("{count} guest running on {host}", "{count} guests running on {host}", host.guests, { host: host.name })}>
                    {number(host.guests)}
                </a>,
        },
    ];
    return <Table label={_("Hosts")} columns={columns} rows={hosts} id={({ id }) => id} note={note} />;
}

export function NoHosts() {
    return (
        <Empty title={_("No host is registered yet")}>
            {_("A host joins when an engine is deployed on it: in Cockpit, open Virtualization host, then Hosted engine, and follow the wizard. Its registration takes seconds.")}
        </Empty>
    );
}

export function Hosts() {
    const { hosts } = usePicture();
    return (
        <>
            <PageHeader title={_("Hosts")}>
                <p>{_("The machines on which this Manager's guests run. The bars show the load now, the lines the last minutes.")}</p>
            </PageHeader>
            <WhenLoaded loaded={hosts} empty={<NoHosts />}>
                {all => <div className="rhv-panel"><HostTable hosts={all} /></div>}
            </WhenLoaded>
        </>
    );
}
