// SPDX-License-Identifier: Apache-2.0
import { useCallback, useEffect, useState } from "react";

import { logArchiveUrl } from "../common/bundle";
import { ConfirmDialog } from "../common/ConfirmDialog";
import { ErrorAlert } from "../common/ErrorAlert";
import { bytes, dateTime } from "../format";
import type { LogArchive, Methods, RhvError } from "../generated/wire";
import { _, plural } from "../i18n";
import { useCall } from "../rpc/hooks";
import { asError } from "../rpc/topics";
import { Button, Card, CardBody, CardTitle, Skeleton } from "../pf";
import { archiveContent } from "./words";

type Answer = Methods["logs.list"]["result"];

function Entry({ archive, onDelete }: { archive: LogArchive; onDelete: (archive: LogArchive) => void }) {
    const when = dateTime(archive.created_s);
    return (
        <li data-archive={archive.id}>
            <div className="rhv-archives__about">
                <b>{when}</b>
                <span>{archiveContent(archive)}</span>
                <span className="rhv-muted">{_("{size}; kept until {time}", { size: bytes(archive.size_bytes), time: dateTime(archive.expires_s) })}</span>
                {archive.unread > 0 && (
                    <span className="rhv-muted">
                        {plural("{count} source could not be read; manifest.json in it says why", "{count} sources could not be read; manifest.json in it says why", archive.unread)}
                    </span>
                )}
                {archive.cut > 0 && (
                    <span className="rhv-muted">
                        {plural("{count} source was shortened", "{count} sources were shortened", archive.cut)}
                    </span>
                )}
            </div>
            <div className="rhv-archives__actions">
                <Button variant="secondary" size="sm" component="a" href={logArchiveUrl(cockpit.transport, archive.id, archive.filename)}
                        download={archive.filename} aria-label={_("Download the archive of {time}", { time: when })} data-download>
                    {_("Download")}
                </Button>
                <Button variant="link" isDanger size="sm" onClick={() => onDelete(archive)} data-delete
                        aria-label={_("Delete the archive of {time}", { time: when })}>
                    {_("Delete")}
                </Button>
            </div>
        </li>
    );
}

/** The archives there are. `changed`: asks again when it does. */
export function Archives({ changed }: { changed: string }) {
    const call = useCall();
    const [answer, setAnswer] = useState<Answer | null>(null);
    const [error, setError] = useState<RhvError | null>(null);
    const [asked, setAsked] = useState<LogArchive | null>(null);
    const read = useCallback(() => call("logs.list", {}).then(found => {
        setAnswer(found);
        setError(null);
    }, (reason: unknown) => setError(asError(reason).error)), [call]);
    useEffect(() => {
        void read();
    }, [read, changed]);
    return (
        <Card component="section" id="archives" data-state={answer === null ? (error ? "error" : "loading") : "ready"}>
            <CardTitle component="h2">{_("Archives")}</CardTitle>
            <CardBody>
                {error && <ErrorAlert error={error} title={_("The archives cannot be read")} />}
                {answer === null && !error && <Skeleton screenreaderText={_("Loading")} />}
                {answer?.archives.length === 0 && <p className="rhv-muted">{_("There is none yet. What is collected stays here for a while, also when this page is closed.")}</p>}
                {answer !== null && answer.archives.length > 0 && (
                    <>
                        <ul className="rhv-archives">
                            {answer.archives.map(archive => <Entry key={archive.id} archive={archive} onDelete={setAsked} />)}
                        </ul>
                        <p className="rhv-muted">
                            {_("The newest {kept} are kept, each for {days} days at most.", { kept: answer.kept, days: Math.round(answer.kept_s / 86_400) })}
                        </p>
                    </>
                )}
                {asked && (
                    <ConfirmDialog title={_("Delete the archive?")} confirm={_("Delete")} danger onClose={() => setAsked(null)}
                                   action={() => call("logs.delete", { archive: asked.id }).then(read)}>
                        {_("The archive of {time} is removed from this host. Copies that were downloaded stay.", { time: dateTime(asked.created_s) })}
                    </ConfirmDialog>
                )}
            </CardBody>
        </Card>
    );
}
