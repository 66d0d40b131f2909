// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { download } from "../common/download";
import { ErrorAlert } from "../common/ErrorAlert";
import { Notice } from "../common/Notice";
import type { RhvError } from "../generated/wire";
import { _ } from "../i18n";
import { useCall, useMayChange } from "../rpc/hooks";
import { asError } from "../rpc/topics";
import { AlertActionLink, Button } from "../pf";
import type { Guest } from "../guests/states";

/** What a changed definition mends. */
const MENDED = new Set(["console.local_only", "console.not_listening"]);

/** The name under which this browser reaches the host. */
function hostName(): string {
    const { host } = cockpit.transport;
    return host === undefined || host === "localhost" ? location.hostname : host;
}

export type ViewerOutcome =
    | { state: "failed"; error: RhvError }
    /** The file is there, but the display asks nobody for a ticket. */
    | { state: "unlocked" }
    | { state: "changed"; restart: boolean };

interface RemoteViewerProps {
    guest: Guest;
    onOutcome: (outcome: ViewerOutcome | null) => void;
}

/** Downloads the file that remote-viewer opens. */
export function RemoteViewerButton({ guest, onOutcome }: RemoteViewerProps) {
    const call = useCall();
    const allowed = useMayChange();
    const [busy, setBusy] = useState(false);
    const open = () => {
        setBusy(true);
        onOutcome(null);
        call("machines.console", { uuid: guest.uuid, host: hostName() })
            .then(({ filename, content, locked }) => {
                download(filename, content, "application/x-virt-viewer");
                onOutcome(locked ? null : { state: "unlocked" });
            })
            .catch((reason: unknown) => onOutcome({ state: "failed", error: asError(reason).error }))
            .finally(() => setBusy(false));
    };
    return (
        <Button variant="secondary" onClick={open} id="console-viewer" isLoading={busy} spinnerAriaValueText={_("Running")} isDisabled={busy || !allowed}>
            {_("Open in remote-viewer")}
        </Button>
    );
}

/** What became of it, with the change that helps. */
export function RemoteViewerOutcome({ guest, outcome, onOutcome }: RemoteViewerProps & { outcome: ViewerOutcome }) {
    const call = useCall();
    const close = <AlertActionLink onClick={() => onOutcome(null)}>{_("Dismiss")}</AlertActionLink>;
    const change = () => {
        call("machines.open_display", { uuid: guest.uuid })
            .then(({ restart_needed }) => onOutcome({ state: "changed", restart: restart_needed }))
            .catch((reason: unknown) => onOutcome({ state: "failed", error: asError(reason).error }));
    };
    const changeIt = guest.owner !== "managed" && <AlertActionLink onClick={change} id="console-change">{_("Change the definition")}</AlertActionLink>;
    const explained = (
        <p>
            {_("The change makes the display listen on the host's addresses and ask for a ticket that each file brings along. It takes effect when the guest has been off and on again; the console in this page works before and after.")}
        </p>
    );
    switch (outcome.state) {
    case "failed": {
        const mended = MENDED.has(outcome.error.code);
        return (
            <ErrorAlert error={outcome.error} variant="warning" title={_("remote-viewer cannot reach the guest")}
                        actions={<>{mended && changeIt}{close}</>}>
                {mended && explained}
            </ErrorAlert>
        );
    }
    case "unlocked":
        return (
            <Notice variant="warning" title={_("The guest's display asks for no password")} actionLinks={<>{changeIt}{close}</>} data-outcome="unlocked">
                <p>{_("The file opens it, and so does anybody who can reach the host's network.")}</p>
                {explained}
            </Notice>
        );
    case "changed":
        return (
            <Notice variant="success" title={_("The definition has been changed")} actionLinks={close} data-outcome="changed">
                {outcome.restart
                    ? _("Shut the guest down and start it when it suits; then remote-viewer can reach it.")
                    : _("From its next start on remote-viewer can reach it.")}
            </Notice>
        );
    }
}
