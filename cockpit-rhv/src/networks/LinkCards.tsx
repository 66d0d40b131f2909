// SPDX-License-Identifier: Apache-2.0
import { _ } from "../i18n";
import { Table, type Column } from "../guest/Table";
import { Card, CardBody, CardTitle } from "../pf";
import { Addresses, Guests, LinkState, Members, OwnedBy, Traffic } from "./cells";
import { LinkActions } from "./LinkActions";
import { byName, isBuilt, type HostNetworks, type Link } from "./types";
import { bondMode, kindWord, speed } from "./words";

interface CardsProps {
    networks: HostNetworks;
    /** Nothing can be changed just now. */
    fixed: boolean;
}

/** What connects the host to the world outside. */
export function NicsCard({ networks: { links, routes }, fixed }: CardsProps) {
    const rows = Object.values(links).filter(link => !isBuilt(link) && link.kind !== "loopback").sort(byName);
    const columns: Column<Link>[] = [
        {
            id: "name",
            title: _("Card"),
            cell: link => (
                <>
                    <span>{link.name}</span>
                    <div className="rhv-mono rhv-muted">{link.mac}</div>
                </>
            ),
        },
        {
            id: "link",
            title: _("Link"),
            cell: link => (
                <>
                    <LinkState link={link} needed={link.controller !== undefined} />
                    <div className="rhv-muted">
                        {[
                            link.speed_mbps === undefined ? kindWord(link.kind) : speed(link.speed_mbps),
                            link.duplex === "half" ? _("half duplex") : undefined,
                            link.driver,
                        ].filter(one => one !== undefined).join(", ")}
                    </div>
                </>
            ),
        },
        {
            id: "in",
            title: _("Part of"),
            cell: link => link.controller ?? <span className="rhv-muted">–</span>,
        },
        { id: "addresses", title: _("Addresses"), cell: link => <Addresses link={link} /> },
        { id: "rate", title: _("Now"), cell: link => <Traffic link={link} /> },
        { id: "owner", title: _("Looked after by"), cell: link => <OwnedBy link={link} /> },
        { id: "actions", title: _("Actions"), hidden: true, cell: link => <LinkActions link={link} routes={routes} isDisabled={fixed} /> },
    ];
    return (
        <Card component="section" data-card="nics">
            <CardTitle component="h2" id="nics-title">{_("Network cards")}</CardTitle>
            <CardBody>
                {rows.length === 0
                    ? <p className="rhv-muted">{_("This host has no network card.")}</p>
                    : <Table labelledBy="nics-title" columns={columns} rows={rows} name={({ name }) => name} />}
            </CardBody>
        </Card>
    );
}

/** Bridges, bonds and VLANs, with what they are made of. */
export function BuiltCard({ networks: { links, routes }, fixed }: CardsProps) {
    const order: Link["kind"][] = ["bridge", "bond", "vlan"];
    const rows = Object.values(links).filter(isBuilt)
        .sort((one, other) => order.indexOf(one.kind) - order.indexOf(other.kind) || byName(one, other));
    const columns: Column<Link>[] = [
        {
            id: "name",
            title: _("Name"),
            cell: link => (
                <>
                    <span>{link.name}</span>
                    <div className="rhv-muted">
                        {kindWord(link.kind)}
                        {link.mtu !== 1500 && <>, {_("MTU {mtu}", { mtu: link.mtu })}</>}
                    </div>
                    {link.bond && <div className="rhv-muted">{bondMode(link.bond.mode)}</div>}
                </>
            ),
        },
        { id: "link", title: _("Link"), cell: link => <LinkState link={link} needed={link.members.length > 0} /> },
        { id: "members", title: _("Made of"), cell: link => <Members link={link} links={links} /> },
        { id: "guests", title: _("Guests"), cell: link => <Guests link={link} /> },
        { id: "addresses", title: _("Addresses"), cell: link => <Addresses link={link} /> },
        { id: "rate", title: _("Now"), cell: link => <Traffic link={link} /> },
        { id: "owner", title: _("Looked after by"), cell: link => <OwnedBy link={link} /> },
        { id: "actions", title: _("Actions"), hidden: true, cell: link => <LinkActions link={link} routes={routes} isDisabled={fixed} /> },
    ];
    return (
        <Card component="section" data-card="built">
            <CardTitle component="h2" id="built-title">{_("Bridges, bonds and VLANs")}</CardTitle>
            <CardBody>
                {rows.length === 0
                    ? <p className="rhv-muted">{_("There are none. Guests that others are to reach need a bridge.")}</p>
                    : <Table labelledBy="built-title" columns={columns} rows={rows} name={({ name }) => name} />}
            </CardBody>
        </Card>
    );
}
