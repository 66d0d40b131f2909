// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { bytes } from "../format";
import { _, text } from "../i18n";
import { Button, Card, CardBody, CardTitle } from "../pf";
import { MediumDialog } from "./MediumDialog";
import { Table, type Column } from "./Table";
import { devices, type CardProps, type Details, type Disk } from "./types";
import { diskWord, sourceKind } from "./words";

interface Row { key: string; live?: Disk; stored?: Disk }

export function Rate({ rate, one, other }: { rate: Details["rates"][string] | undefined; one: string; other: string }) {
    if (rate?.read === undefined || rate.written === undefined)
        return <span className="rhv-muted">–</span>;
    const perSecond = (value: number) => _("{size}/s", { size: bytes(value) });
    return <span className={rate.read + rate.written === 0 ? "rhv-muted" : undefined}>{`${perSecond(rate.read)} ${one}, ${perSecond(rate.written)} ${other}`}</span>;
}

function Source({ disk }: { disk: Disk }) {
    if (disk.source === undefined)
        return <span className="rhv-muted">{_("empty")}</span>;
    return <><span className="rhv-path">{disk.source}</span> <span className="rhv-muted">{[sourceKind(disk.kind), disk.format].filter(one => one !== undefined).join(", ")}</span></>;
}

function Size({ disk, details }: { disk: Disk; details: Details }) {
    const size = details.sizes[disk.target];
    const error = details.size_errors[disk.target];
    if (error)
        return <span data-error={error.code}>{_("unknown: {reason}", { reason: text(error.message) })}</span>;
    if (!size)
        return <span className="rhv-muted">{disk.source === undefined ? "–" : _("unknown")}</span>;
    return <>{_("{capacity}, {allocation} on the host", { capacity: bytes(size.capacity), allocation: bytes(size.allocation) })}</>;
}

/** Its disks and drives, as they are now, and what the next start changes about them. */
export function DisksCard({ guest, details, locked }: CardProps) {
    const [drive, setDrive] = useState<Row | null>(null);
    const rows: Row[] = devices(details.live?.disks, details.stored?.disks);
    const shown = ({ live, stored }: Row): Disk | undefined => live ?? stored;
    const columns: Column<Row>[] = [
        {
            id: "name",
            title: _("Device"),
            cell: row => {
                const disk = shown(row);
                if (!disk)
                    return null;
                return <>{diskWord(disk)} <span className="rhv-muted">{[disk.bus, disk.read_only && disk.device === "disk" ? _("read-only") : undefined, disk.shareable ? _("shared") : undefined].filter(one => one !== undefined).join(", ")}</span></>;
            },
        },
        {
            id: "source",
            title: _("Source"),
            cell: row => {
                const disk = shown(row);
                if (!disk)
                    return null;
                const { live, stored } = row;
                return (
                    <>
                        <Source disk={disk} />
                        {details.live && details.stored && live && !stored && <div className="rhv-muted" data-differs>{_("only until the next start")}</div>}
                        {details.live && !live && <div className="rhv-muted" data-differs>{_("from the next start on")}</div>}
                        {live && stored && live.source !== stored.source && (
                            <div className="rhv-muted" data-differs>{_("after the next start: {source}", { source: stored.source ?? _("empty") })}</div>
                        )}
                    </>
                );
            },
        },
        { id: "size", title: _("Size"), cell: row => { const disk = shown(row); return disk && <Size disk={disk} details={details} />; } },
        {
            id: "rate",
            title: _("Now"),
            cell: row => { const disk = shown(row); return disk && <Rate rate={details.rates[disk.target]} one={_("read")} other={_("written")} />; },
        },
        {
            id: "act",
            title: _("Actions"),
            hidden: true,
            cell: row => {
                const disk = shown(row);
                if (!disk || (disk.device !== "cdrom" && disk.device !== "floppy"))
                    return null;
                return (
                    <Button variant="secondary" size="sm" isDisabled={locked} id={`medium-${disk.target}`} onClick={() => setDrive(row)}
                            aria-label={_("Change the medium in {name}", { name: disk.target })}>
                        {_("Change medium")}
                    </Button>
                );
            },
        },
    ];
    return (
        <Card component="section" data-card="disks">
            <CardTitle component="h2" id="disks-title">{_("Disks")}</CardTitle>
            <CardBody>
                {rows.length === 0
                    ? <p className="rhv-muted">{_("The guest has no disks.")}</p>
                    : <Table labelledBy="disks-title" columns={columns} rows={rows} name={({ key }) => key} />}
            </CardBody>
            {drive && <MediumDialog uuid={guest.uuid} live={drive.live} stored={drive.stored} onClose={() => setDrive(null)} />}
        </Card>
    );
}
