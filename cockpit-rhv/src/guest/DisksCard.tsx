// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { bytes } from "../format";
import { _, text } from "../i18n";
import { Button, Card, CardBody, CardTitle } from "../pf";
import { AddDiskDialog } from "./AddDiskDialog";
import { MediumDialog } from "./MediumDialog";
import { RemoveDiskDialog } from "./RemoveDeviceDialog";
import { Table, type Column } from "./Table";
import { devices, type CardProps, type Details, type Disk } from "./types";
import { diskWord, sourceKind } from "./words";

interface Row { key: string; live?: Disk; stored?: Disk }
type Asked = { what: "medium" | "remove"; row: Row } | { what: "add" };

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

function Removal({ guest, details, row: { live, stored }, onClose }: Omit<CardProps, "locked"> & { row: Row; onClose: () => void }) {
    const disk = live ?? stored;
    return disk && (
        <RemoveDiskDialog uuid={guest.uuid} name={guest.name} disk={disk} there={{ now: live !== undefined, next: stored !== undefined }}
                          snapshots={details.snapshots.length} onClose={onClose} />
    );
}

/** Its disks and drives, as they are now, and what the next start changes about them. */
export function DisksCard({ guest, details, locked }: CardProps) {
    const [asked, setAsked] = useState<Asked | null>(null);
    const onClose = () => setAsked(null);
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
                if (!disk)
                    return null;
                return (
                    <span className="rhv-buttons">
                        {(disk.device === "cdrom" || disk.device === "floppy") && (
                            <Button variant="secondary" size="sm" isDisabled={locked} id={`medium-${disk.target}`} onClick={() => setAsked({ what: "medium", row })}
                                    aria-label={_("Change the medium in {name}", { name: disk.target })}>
                                {_("Change medium")}
                            </Button>
                        )}
                        <Button variant="secondary" size="sm" isDanger isDisabled={locked} id={`disk-remove-${disk.target}`} onClick={() => setAsked({ what: "remove", row })}
                                aria-label={_("Remove {name}", { name: diskWord(disk) })}>
                            {_("Remove")}
                        </Button>
                    </span>
                );
            },
        },
    ];
    return (
        <Card component="section" data-card="disks">
            <CardTitle component="h2" id="disks-title">{_("Disks")}</CardTitle>
            <CardBody className="rhv-stack">
                {rows.length === 0
                    ? <p className="rhv-muted">{_("The guest has no disks.")}</p>
                    : <Table labelledBy="disks-title" columns={columns} rows={rows} name={({ key }) => key} />}
                <div><Button variant="secondary" id="disk-add" isDisabled={locked} onClick={() => setAsked({ what: "add" })}>{_("Add disk")}</Button></div>
            </CardBody>
            {asked?.what === "add" && <AddDiskDialog guest={guest} details={details} onClose={onClose} />}
            {asked?.what === "medium" && <MediumDialog uuid={guest.uuid} live={asked.row.live} stored={asked.row.stored} onClose={onClose} />}
            {asked?.what === "remove" && <Removal guest={guest} details={details} row={asked.row} onClose={onClose} />}
        </Card>
    );
}
