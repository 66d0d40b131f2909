// SPDX-License-Identifier: Apache-2.0
import { ErrorAlert } from "../common/ErrorAlert";
import { Notice } from "../common/Notice";
import { bytes, estimate } from "../format";
import { _ } from "../i18n";
import { AlertActionLink, Button } from "../pf";
import { Progress } from "./pf";
import { uploadStore, useUploads, type Upload } from "./uploads";

function phase({ state, progress }: Upload): string {
    if (state === "waiting")
        return _("The connection broke off; it goes on by itself in a moment.");
    switch (progress.phase) {
    case "checking": return _("Comparing what has arrived already…");
    case "sending": return _("Uploading…");
    case "finishing": return _("Writing to the disk…");
    }
}

function said({ progress, size, rate, state }: Upload): string {
    const amount = _("{used} of {total}", { used: bytes(progress.done), total: bytes(size) });
    if (state !== "running" || progress.phase !== "sending" || rate === null || rate <= 0)
        return amount;
    return _("{amount}, {rate}/s, {time} left", { amount, rate: bytes(rate), time: estimate((size - progress.done) / rate) });
}

function Running({ upload }: { upload: Upload }) {
    return (
        <div className="rhv-upload" data-upload={upload.state} data-phase={upload.progress.phase}>
            <Progress title={upload.name} size="sm" value={Math.floor(100 * upload.progress.done / upload.size)} aria-label={_("Uploading {name}", { name: upload.name })}
                      helperText={<span>{phase(upload)} <span className="rhv-muted">{said(upload)}</span></span>} />
            <Button variant="secondary" size="sm" onClick={() => uploadStore.cancel(upload.id)}>{_("Cancel")}</Button>
        </div>
    );
}

function Row({ upload }: { upload: Upload }) {
    const dismiss = <AlertActionLink onClick={() => uploadStore.dismiss(upload.id)}>{_("Dismiss")}</AlertActionLink>;
    switch (upload.state) {
    case "running":
    case "waiting": return <Running upload={upload} />;
    case "done":
        return <Notice variant="success" title={_("{name} has arrived; its checksum is right", { name: upload.name })} actionLinks={dismiss} data-upload="done" />;
    case "cancelled":
        return <Notice variant="info" title={_("The upload of {name} was cancelled", { name: upload.name })} actionLinks={dismiss} data-upload="cancelled" />;
    case "failed":
        return upload.error && (
            <ErrorAlert error={upload.error} title={_("{name} was not uploaded", { name: upload.name })}
                        actions={<><AlertActionLink onClick={() => void uploadStore.again(upload.id)}>{_("Go on")}</AlertActionLink>{dismiss}</>} />
        );
    }
}

/** What is on its way to this domain, and what became of it. */
export function UploadRows({ pool }: { pool: string }) {
    const uploads = useUploads(pool);
    return <div className="rhv-stack" aria-live="polite">{uploads.map(upload => <Row key={upload.id} upload={upload} />)}</div>;
}
