// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { dateTime } from "../format";
import { pendingJobs, useJobs } from "../guests/atWork";
import { _, text } from "../i18n";
import { Button, Card, CardBody, CardTitle } from "../pf";
import { Label } from "./pf";
import { CreateDialog, DeleteDialog, RevertDialog } from "./SnapshotDialogs";
import { snapshotState } from "./snapshots";
import { Table, type Column } from "./Table";
import { useTasks } from "./tasks";
import type { CardProps, Snapshot } from "./types";

type Asked = { what: "create" } | { what: "revert" | "delete"; snapshot: Snapshot };

/** What the guest was, and can be again. */
export function SnapshotsCard({ guest, details, locked }: CardProps) {
    const [asked, setAsked] = useState<Asked | null>(null);
    const tasks = useTasks(guest.uuid);
    const busy = pendingJobs(useJobs(), () => false).has(guest.uuid) || tasks.some(({ error }) => error === null);
    const { snapshots, no_snapshots: refused } = details;
    const running = details.live !== undefined && guest.state !== "shut_off";
    const common = { guest, snapshots, onClose: () => setAsked(null) };
    const columns: Column<Snapshot>[] = [
        {
            id: "name",
            title: _("Name"),
            cell: ({ name, depth, current, description }) => (
                <div className="rhv-snapshot" style={{ "--rhv-depth": Math.min(depth, 8) } as React.CSSProperties} data-depth={depth}>
                    {name} {current && <Label isCompact color="blue">{_("current")}</Label>}
                    {description !== "" && <div className="rhv-muted rhv-snapshot__text">{description}</div>}
                </div>
            ),
        },
        { id: "time", title: _("Taken"), cell: ({ created_s: time }) => dateTime(time) },
        { id: "state", title: _("The guest was"), cell: snapshotState },
        {
            id: "act",
            title: _("Actions"),
            hidden: true,
            cell: snapshot => (
                <span className="rhv-buttons">
                    <Button variant="secondary" size="sm" isDisabled={locked || busy} onClick={() => setAsked({ what: "revert", snapshot })}
                            aria-label={_("Go back to {name}", { name: snapshot.name })}>
                        {_("Go back")}
                    </Button>
                    <Button variant="secondary" size="sm" isDanger isDisabled={locked || busy} onClick={() => setAsked({ what: "delete", snapshot })}
                            aria-label={_("Delete {name}", { name: snapshot.name })}>
                        {_("Delete")}
                    </Button>
                </span>
            ),
        },
    ];
    return (
        <Card component="section" data-card="snapshots">
            <CardTitle component="h2" id="snapshots-title">{_("Snapshots")}</CardTitle>
            <CardBody className="rhv-stack">
                {snapshots.length > 0 && <Table labelledBy="snapshots-title" columns={columns} rows={snapshots} name={({ name }) => name} />}
                {snapshots.length === 0 && !refused && (
                    <p className="rhv-muted">{_("None yet. A snapshot keeps the guest as it is, so that it can go back there: before an upgrade, for example.")}</p>
                )}
                {refused
                    ? <p data-refused={refused.code}>{text(refused.message)} {refused.hint && <span className="rhv-muted">{text(refused.hint)}</span>}</p>
                    : (
                        <div>
                            <Button variant="secondary" id="snapshot-create" isDisabled={locked || busy} onClick={() => setAsked({ what: "create" })}>
                                {_("Take snapshot")}
                            </Button>
                        </div>
                    )}
            </CardBody>
            {asked?.what === "create" && <CreateDialog {...common} running={running} />}
            {asked?.what === "revert" && <RevertDialog {...common} running={running} snapshot={asked.snapshot} />}
            {asked?.what === "delete" && <DeleteDialog {...common} snapshot={asked.snapshot} />}
        </Card>
    );
}
