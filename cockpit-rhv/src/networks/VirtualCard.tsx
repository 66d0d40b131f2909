// SPDX-License-Identifier: Apache-2.0
import { ErrorAlert } from "../common/ErrorAlert";
import { Status } from "../common/Status";
import { dateTime } from "../format";
import { Table, type Column } from "../guest/Table";
import { _, plural } from "../i18n";
import { Card, CardBody, CardTitle, ExpandableSection } from "../pf";
import { byName, type HostNetworks, type VirtualNetwork } from "./types";
import { forwardWord } from "./words";

function Leases({ network: { leases } }: { network: VirtualNetwork }) {
    if (leases.length === 0)
        return <span className="rhv-muted">–</span>;
    return (
        <ExpandableSection toggleText={plural("{count} address given", "{count} addresses given", leases.length)}>
            <ul className="rhv-leases">
                {leases.map(({ mac, address, hostname, expires_s: expires }) => (
                    <li key={`${mac ?? ""} ${address ?? ""}`}>
                        {address} {hostname}
                        <div className="rhv-muted"><span className="rhv-mono">{mac}</span>{expires !== undefined && <>, {_("until {time}", { time: dateTime(expires) })}</>}</div>
                    </li>
                ))}
            </ul>
        </ExpandableSection>
    );
}

/** The networks that libvirt makes for guests. */
export function VirtualCard({ networks: { libvirt } }: { networks: HostNetworks }) {
    const columns: Column<VirtualNetwork>[] = [
        {
            id: "name",
            title: _("Network"),
            cell: ({ name, bridge }) => <>{name} {bridge !== undefined && <span className="rhv-muted">{bridge}</span>}</>,
        },
        {
            id: "state",
            title: _("State"),
            cell: ({ active, autostart, persistent }) => (
                <>
                    <Status tone={active ? "good" : "off"}>{active ? _("Started") : _("Off")}</Status>
                    <div className="rhv-muted">
                        {!persistent ? _("until it is stopped") : autostart ? _("started with the host") : _("not started with the host")}
                    </div>
                </>
            ),
        },
        { id: "forward", title: _("Guests reach others"), cell: forwardWord },
        {
            id: "addresses",
            title: _("Addresses"),
            cell: ({ addresses, ranges }) => (
                <>
                    {addresses.map(address => <div key={address}>{address}</div>)}
                    {ranges.map(({ start, end }) => <div key={start} className="rhv-muted">{_("DHCP: {start} to {end}", { start, end })}</div>)}
                    {addresses.length + ranges.length === 0 && <span className="rhv-muted">–</span>}
                </>
            ),
        },
        { id: "leases", title: _("DHCP leases"), cell: network => <Leases network={network} /> },
    ];
    const rows = Object.values(libvirt.networks).sort(byName);
    return (
        <Card component="section" data-card="libvirt">
            <CardTitle component="h2" id="libvirt-title">{_("Networks of libvirt")}</CardTitle>
            <CardBody>
                {libvirt.error && <ErrorAlert error={libvirt.error} title={_("The networks of libvirt are not known")} />}
                {libvirt.known && rows.length === 0 && <p className="rhv-muted">{_("libvirt has no networks.")}</p>}
                {rows.length > 0 && <Table labelledBy="libvirt-title" columns={columns} rows={rows} name={({ name }) => name} />}
            </CardBody>
        </Card>
    );
}
