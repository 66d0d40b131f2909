// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";
import StorageDomainIcon from "@patternfly/react-icons/dist/esm/icons/storage-domain-icon.js";

import { LoadingCards } from "../app/FirstConnection";
import { href } from "../app/route";
import { ErrorAlert } from "../common/ErrorAlert";
import { LibvirtNotice } from "../common/LibvirtNotice";
import { LimitedAccess } from "../common/LimitedAccess";
import { PageFrame } from "../common/PageFrame";
import { Status } from "../common/Status";
import { number } from "../format";
import { Table, type Column } from "../guest/Table";
import { _, text } from "../i18n";
import { Button, Card, CardBody, CardTitle, EmptyState, EmptyStateBody } from "../pf";
import { usePrivileged, useTopic } from "../rpc/hooks";
import { CreatePoolDialog } from "./CreatePoolDialog";
import { Fullness } from "./Fullness";
import { inOrder, kindWord, stateTone, stateWord, type Pool } from "./words";

function columns(): Column<Pool>[] {
    return [
        { id: "name", title: _("Name"), cell: pool => <a href={href({ page: "pool", uuid: pool.uuid })}>{pool.name}</a> },
        {
            id: "state",
            title: _("State"),
            cell: pool => (
                <>
                    <Status tone={stateTone(pool.state)}>{stateWord(pool.state)}</Status>
                    {pool.state === "unknown" && pool.error && <div className="rhv-muted">{text(pool.error.message)}</div>}
                </>
            ),
        },
        { id: "kind", title: _("Type"), cell: pool => kindWord(pool.kind) },
        { id: "full", title: _("In use"), cell: pool => <Fullness pool={pool} /> },
        {
            id: "answer",
            title: _("Answers in"),
            cell: pool => (pool.answer_ms === undefined ? <span className="rhv-muted">–</span> : _("{time} ms", { time: number(pool.answer_ms, 1) })),
        },
        {
            id: "source",
            title: _("Place"),
            cell: pool => <span className="rhv-path">{pool.source ?? pool.target ?? "–"}</span>,
        },
        { id: "autostart", title: _("With the host"), cell: pool => (pool.autostart ? _("yes") : _("no")) },
    ];
}

/** Where guests keep their disks and images: each domain as it is, whatever the others do. */
export default function StoragePage() {
    const topic = useTopic("storage");
    const privileged = usePrivileged();
    const [creating, setCreating] = useState(false);
    if (topic.state === "error") {
        return (
            <PageFrame page="storage" state="error" title={_("Storage")}>
                <ErrorAlert error={topic.error} title={_("The storage cannot be read")} />
            </PageFrame>
        );
    }
    if (topic.state === "loading")
        return <PageFrame page="storage" state="loading" title={_("Storage")}><LoadingCards /></PageFrame>;
    const { libvirt, complete, error, pools } = topic.value;
    const known = inOrder(pools);
    const waiting = known.length === 0 && !complete && !error && libvirt.state !== "absent" && libvirt.state !== "disconnected";
    if (waiting)
        return <PageFrame page="storage" state="loading" title={_("Storage")}><LoadingCards /></PageFrame>;
    return (
        <PageFrame page="storage" state="ready" title={_("Storage")}
                   actions={(
                       <Button isDisabled={!privileged || libvirt.state !== "connected"} id="create-pool" onClick={() => setCreating(true)}>
                           {_("Add storage domain")}
                       </Button>
                   )}>
            <LimitedAccess>{_("You can look. Adding, changing and uploading needs administrative access.")}</LimitedAccess>
            <LibvirtNotice libvirt={libvirt} />
            {libvirt.state === "connected" && error && <ErrorAlert error={error} />}
            {known.length > 0 && (
                <Card component="section" data-card="pools">
                    <CardTitle component="h2" id="pools-title">{_("Storage domains")}</CardTitle>
                    <CardBody><Table labelledBy="pools-title" columns={columns()} rows={known} name={({ uuid }) => uuid} /></CardBody>
                </Card>
            )}
            {known.length === 0 && complete && (
                <EmptyState headingLevel="h2" icon={StorageDomainIcon} titleText={_("No storage domains on this host yet")} data-empty="none">
                    <EmptyStateBody>
                        {_("A storage domain is a place for the disks and images of guests: a folder of this host, a share of an NFS server, an iSCSI target or a volume group. libvirt calls it a pool.")}
                    </EmptyStateBody>
                </EmptyState>
            )}
            {creating && <CreatePoolDialog onClose={() => setCreating(false)} />}
        </PageFrame>
    );
}
