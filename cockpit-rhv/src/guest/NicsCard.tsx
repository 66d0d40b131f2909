// SPDX-License-Identifier: Apache-2.0
import { _ } from "../i18n";
import { Card, CardBody, CardTitle } from "../pf";
import { Rate } from "./DisksCard";
import { Table, type Column } from "./Table";
import { devices, type CardProps, type Nic } from "./types";
import { nicSource } from "./words";

interface Row { key: string; live?: Nic; stored?: Nic }

/** Its network cards. */
export function NicsCard({ details }: CardProps) {
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
        { id: "link", title: _("Link"), cell: of(nic => (nic.link ? _("up") : <b>{_("unplugged")}</b>)) },
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
    ];
    return (
        <Card component="section" data-card="nics">
            <CardTitle component="h2" id="nics-title">{_("Network cards")}</CardTitle>
            <CardBody>
                {rows.length === 0
                    ? <p className="rhv-muted">{_("The guest has no network card.")}</p>
                    : <Table labelledBy="nics-title" columns={columns} rows={rows} name={({ key }) => key} />}
            </CardBody>
        </Card>
    );
}
