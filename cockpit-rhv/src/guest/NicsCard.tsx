// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { _ } from "../i18n";
import { Button, Card, CardBody, CardTitle } from "../pf";
import { Rate } from "./DisksCard";
import { AddNicDialog, LinkDialog } from "./NicDialogs";
import { RemoveNicDialog } from "./RemoveDeviceDialog";
import { Table, type Column } from "./Table";
import { devices, type CardProps, type Nic } from "./types";
import { nicSource } from "./words";

interface Row { key: string; live?: Nic; stored?: Nic }
type Asked = { what: "remove" | "link"; nic: Nic; row: Row } | { what: "add" };

/** Its network cards. */
export function NicsCard({ guest, details, locked }: CardProps) {
    const [asked, setAsked] = useState<Asked | null>(null);
    const onClose = () => setAsked(null);
    const rows: Row[] = devices(details.live?.nics, details.stored?.nics);
    const of = (cell: (nic: Nic, row: Row) => React.ReactNode) => (row: Row) => {
        const nic = row.live ?? row.stored;
        return nic && cell(nic, row);
    };
    const columns: Column<Row>[] = [
        { id: "mac", title: _("Card"), cell: of(nic => <><span className="rhv-mono">{nic.mac}</span> <span className="rhv-muted">{nic.model}</span></>) },
        {
            id: "source",
            title: _("Plugged into"),
            cell: of((nic, { live, stored }) => (
                <>
                    {nicSource(nic)} {nic.target !== undefined && <span className="rhv-muted">{nic.target}</span>}
                    {details.live && details.stored && !stored && <div className="rhv-muted" data-differs>{_("only until the next start")}</div>}
                    {details.live && !live && <div className="rhv-muted" data-differs>{_("from the next start on")}</div>}
                    {live && stored && nicSource(live) !== nicSource(stored) && (
                        <div className="rhv-muted" data-differs>{_("after the next start: {source}", { source: nicSource(stored) })}</div>
                    )}
                </>
            )),
        },
        { id: "link", title: _("Link"), cell: of((nic, { live, stored }) => (
            <>
                {nic.link ? _("up") : <b>{_("unplugged")}</b>}
                {live && stored && live.link !== stored.link && (
                    <div className="rhv-muted" data-differs>{stored.link ? _("after the next start: up") : _("after the next start: unplugged")}</div>
                )}
            </>
        )) },
        {
            id: "addresses",
            title: _("Addresses"),
            cell: of(nic => {
                const addresses = details.addresses[nic.mac] ?? [];
                return addresses.length > 0 ? addresses.map(one => <div key={one}>{one}</div>) : <span className="rhv-muted">–</span>;
            }),
        },
        {
            id: "rate",
            title: _("Now"),
            cell: of(nic => <Rate rate={details.rates[nic.target ?? ""]} one={_("received")} other={_("sent")} />),
        },
        {
            id: "act",
            title: _("Actions"),
            hidden: true,
            cell: of((nic, row) => (
                <span className="rhv-buttons">
                    <Button variant="secondary" size="sm" isDisabled={locked} onClick={() => setAsked({ what: "link", nic, row })}
                            aria-label={nic.link ? _("Unplug {name}", { name: nic.mac }) : _("Plug in {name}", { name: nic.mac })}>
                        {nic.link ? _("Unplug") : _("Plug in")}
                    </Button>
                    <Button variant="secondary" size="sm" isDanger isDisabled={locked} onClick={() => setAsked({ what: "remove", nic, row })}
                            aria-label={_("Remove {name}", { name: nic.mac })}>
                        {_("Remove")}
                    </Button>
                </span>
            )),
        },
    ];
    const common = ({ nic, row: { live, stored } }: { nic: Nic; row: Row }) => ({
        uuid: guest.uuid, name: guest.name, nic, there: { now: live !== undefined, next: stored !== undefined }, onClose,
    });
    return (
        <Card component="section" data-card="nics">
            <CardTitle component="h2" id="nics-title">{_("Network cards")}</CardTitle>
            <CardBody className="rhv-stack">
                {rows.length === 0
                    ? <p className="rhv-muted">{_("The guest has no network card.")}</p>
                    : <Table labelledBy="nics-title" columns={columns} rows={rows} name={({ key }) => key} />}
                <div><Button variant="secondary" id="nic-add" isDisabled={locked} onClick={() => setAsked({ what: "add" })}>{_("Add network card")}</Button></div>
            </CardBody>
            {asked?.what === "add" && <AddNicDialog guest={guest} details={details} onClose={onClose} />}
            {asked?.what === "link" && <LinkDialog {...common(asked)} />}
            {asked?.what === "remove" && <RemoveNicDialog {...common(asked)} />}
        </Card>
    );
}
