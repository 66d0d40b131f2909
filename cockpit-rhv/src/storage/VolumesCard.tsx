// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { href } from "../app/route";
import { ConfirmDialog } from "../common/ConfirmDialog";
import { ErrorAlert } from "../common/ErrorAlert";
import { bytes, number } from "../format";
import { Table, type Column } from "../guest/Table";
import { _, plural, text } from "../i18n";
import { Button, Card, CardBody, CardTitle, Skeleton } from "../pf";
import { useCall, usePrivileged } from "../rpc/hooks";
import { CreateVolumeDialog } from "./CreateVolumeDialog";
import { TextInput } from "./pf";
import { UploadDialog } from "./UploadDialog";
import { UploadRows } from "./UploadRows";
import { takesFiles, type Content, type Pool, type Volume } from "./words";

/** Rows that are drawn; a word finds the others. */
const MOST_ROWS = 200;

function Users({ volume, known }: { volume: Volume; known: boolean }) {
    if (volume.users.length === 0)
        return <span className="rhv-muted">{known ? _("nobody") : _("unknown")}</span>;
    return (
        <ul>
            {volume.users.map(({ uuid, name }) => (
                <li key={uuid}><a href={href({ page: "guest", uuid, query: {} })}>{name}</a></li>
            ))}
        </ul>
    );
}

function columns(known: boolean, locked: boolean, onRemove: (volume: Volume) => void): Column<Volume>[] {
    return [
        {
            id: "name",
            title: _("Name"),
            cell: volume => (
                <>
                    <span className="rhv-path">{volume.name}</span>
                    {volume.partial && <div className="rhv-muted">{_("an upload that is not complete")}</div>}
                    {volume.error && <div data-error={volume.error.code}>{text(volume.error.message)}</div>}
                </>
            ),
        },
        { id: "size", title: _("Size"), cell: volume => (volume.capacity_bytes === undefined ? "–" : bytes(volume.capacity_bytes)) },
        { id: "taken", title: _("Taken"), cell: volume => (volume.allocation_bytes === undefined ? "–" : bytes(volume.allocation_bytes)) },
        {
            id: "format",
            title: _("Format"),
            cell: volume => (
                <>
                    {volume.format ?? "–"}
                    {volume.backing !== undefined && <div className="rhv-muted">{_("based on {path}", { path: volume.backing })}</div>}
                </>
            ),
        },
        { id: "users", title: _("Used by"), cell: volume => <Users volume={volume} known={known} /> },
        {
            id: "act",
            title: _("Actions"),
            hidden: true,
            cell: volume => (
                <Button variant="link" isDanger size="sm" isDisabled={locked || volume.users.length > 0} data-remove={volume.name}
                        aria-label={_("Delete {name}", { name: volume.name })} onClick={() => onRemove(volume)}>
                    {_("Delete")}
                </Button>
            ),
        },
    ];
}

/** What is on the domain. While it does not answer, this is the last that was known. */
export function VolumesCard({ pool, content }: { pool: Pool; content: Content | null }) {
    const call = useCall();
    const privileged = usePrivileged();
    const [word, setWord] = useState("");
    const [creating, setCreating] = useState(false);
    const [uploading, setUploading] = useState(false);
    const [removed, setRemoved] = useState<Volume | null>(null);
    const active = pool.state === "active" || pool.state === "degraded";
    const locked = !privileged || !active;
    const all = Object.values(content?.volumes ?? {}).sort((one, other) => one.name.localeCompare(other.name));
    const found = all.filter(({ name }) => name.toLowerCase().includes(word.trim().toLowerCase()));
    const loading = content === null || (!content.complete && !content.error);
    return (
        <Card component="section" data-card="volumes">
            <CardTitle component="h2" id="volumes-title">{_("Volumes")}</CardTitle>
            <CardBody className="rhv-stack">
                {/* of a domain that is silent the page says so above */}
                {content?.error && !pool.error && <ErrorAlert error={content.error} variant="warning" />}
                {content?.usage_error && <ErrorAlert error={content.usage_error} variant="warning" title={_("It is not known which guests use these volumes")} />}
                <div className="rhv-buttons">
                    <Button variant="secondary" isDisabled={locked} id="create-volume" onClick={() => setCreating(true)}>{_("Create volume")}</Button>
                    {takesFiles(pool) && <Button variant="secondary" isDisabled={locked} id="upload" onClick={() => setUploading(true)}>{_("Upload")}</Button>}
                    {all.length > 10 && (
                        <TextInput type="search" id="volume-filter" value={word} aria-label={_("Filter by name")} placeholder={_("Filter by name")}
                                   className="rhv-volumes__filter" onChange={(_event, value) => setWord(value)} />
                    )}
                </div>
                <UploadRows pool={pool.uuid} />
                {loading && active && <Skeleton screenreaderText={_("Loading")} />}
                {!active && all.length === 0 && <p className="rhv-muted">{_("What is on it is known while it is active and answers.")}</p>}
                {active && !loading && all.length === 0 && !content.error && <p className="rhv-muted">{_("It is empty.")}</p>}
                {found.length > 0 && (
                    <Table labelledBy="volumes-title" rows={found.slice(0, MOST_ROWS)} name={({ name }) => name}
                           columns={columns(!content?.usage_error, locked, setRemoved)} />
                )}
                {all.length > 0 && found.length === 0 && <p className="rhv-muted">{_("No volume has this in its name.")}</p>}
                {found.length > MOST_ROWS && (
                    <p className="rhv-muted">{_("{shown} of {all} volumes are shown; type a part of a name to find the others.", { shown: number(MOST_ROWS), all: number(found.length) })}</p>
                )}
            </CardBody>
            {creating && <CreateVolumeDialog pool={pool} onClose={() => setCreating(false)} />}
            {uploading && <UploadDialog pool={pool} onClose={() => setUploading(false)} />}
            {removed && (
                <ConfirmDialog title={_("Delete {name}?", { name: removed.name })} danger confirm={_("Delete")} onClose={() => setRemoved(null)}
                               action={() => call("storage.volume_remove", { pool: pool.uuid, name: removed.name })}>
                    <p>{_("The volume is deleted with everything on it. This cannot be undone.")}</p>
                    <p className="rhv-path">{removed.path}</p>
                    {removed.allocation_bytes !== undefined && <p>{_("It takes {size}.", { size: bytes(removed.allocation_bytes) })}</p>}
                    <p>{plural("It is refused when a guest or another image needs it; {count} volume of this domain is looked at for that.",
                               "It is refused when a guest or another image needs it; {count} volumes of this domain are looked at for that.", all.length)}</p>
                </ConfirmDialog>
            )}
        </Card>
    );
}
