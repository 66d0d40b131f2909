// SPDX-License-Identifier: Apache-2.0
import { useCallback, useRef, useState } from "react";
import ExternalLinkAltIcon from "@patternfly/react-icons/dist/esm/icons/external-link-alt-icon.js";
import OffIcon from "@patternfly/react-icons/dist/esm/icons/power-off-icon.js";
import LockIcon from "@patternfly/react-icons/dist/esm/icons/lock-icon.js";

import { href } from "../app/route";
import { ErrorAlert } from "../common/ErrorAlert";
import type { RhvError } from "../generated/wire";
import { isProtected, type Guest } from "../guests/states";
import { _ } from "../i18n";
import { useCall, useMayChange, usePrivileged } from "../rpc/hooks";
import { asError } from "../rpc/topics";
import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from "../pf";
import type { Viewer } from "../screens/types";
import type { Kind } from "./channel";
import { KeysMenu } from "./KeysMenu";
import { LiveConsole } from "./LiveConsole";
import { LOOK_ONLY } from "./look-only";
import { ToggleGroup, ToggleGroupItem } from "./pf";
import { RemoteViewerButton, RemoteViewerOutcome, type ViewerOutcome } from "./RemoteViewer";
import { TypeDialog } from "./TypeDialog";

interface GuestConsoleProps {
    /** Its entry of topic `machines`. */
    guest: Guest;
    kind: Kind;
    onKind: (kind: Kind) => void;
    /** It has the window to itself, so it offers none. */
    alone?: boolean;
}

function Off({ guest }: { guest: Guest }) {
    const call = useCall();
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<RhvError | null>(null);
    const start = () => {
        setBusy(true);
        setError(null);
        call("machines.start", { uuid: guest.uuid })
            .catch((reason: unknown) => setError(asError(reason).error))
            .finally(() => setBusy(false));
    };
    return (
        <EmptyState headingLevel="h2" icon={OffIcon} titleText={_("The guest is off")} data-console-off variant="sm">
            <EmptyStateBody>
                <p>{_("Its console opens by itself when it starts.")}</p>
                {error && <ErrorAlert error={error} title={_("The guest could not be started")} />}
            </EmptyStateBody>
            {guest.owner !== "managed" && (
                <EmptyStateFooter>
                    <EmptyStateActions>
                        <Button onClick={start} id="console-start" isLoading={busy} spinnerAriaValueText={_("Running")} isDisabled={busy}>{_("Start")}</Button>
                    </EmptyStateActions>
                </EmptyStateFooter>
            )}
        </EmptyState>
    );
}

function Denied() {
    return (
        <EmptyState headingLevel="h2" icon={LockIcon} titleText={_("A console needs administrative access")} data-console-denied variant="sm">
            <EmptyStateBody>{_("Whoever sees a guest's screen can do in it what its users can. Turn on administrative access at the top of this window; the console opens then.")}</EmptyStateBody>
        </EmptyState>
    );
}

/** The administrative access is on, and libvirt lets look only all the same: on a host of VDSM without its password. */
function LookOnly() {
    return (
        <EmptyState headingLevel="h2" icon={LockIcon} titleText={_("libvirt allows no console here")} data-console-look-only variant="sm">
            <EmptyStateBody>{LOOK_ONLY()}</EmptyStateBody>
        </EmptyState>
    );
}

/** A guest's screen and serial console in the page, and the way to remote-viewer. */
export function GuestConsole({ guest, kind, onKind, alone = false }: GuestConsoleProps) {
    const privileged = usePrivileged();
    const mayChange = useMayChange();
    const [attempt, setAttempt] = useState({ number: 0, takeOver: false });
    const [viewer, setViewer] = useState<Viewer | null>(null);
    const [fit, setFit] = useState(true);
    const [typing, setTyping] = useState(false);
    const [outcome, setOutcome] = useState<ViewerOutcome | null>(null);
    const bar = useRef<HTMLDivElement>(null);

    const retry = useCallback((takeOver: boolean) => setAttempt(({ number }) => ({ number: number + 1, takeOver })), []);
    const choose = (next: Kind) => {
        if (next === kind)
            return;
        setAttempt({ number: 0, takeOver: false });
        onKind(next);
    };
    const leave = useCallback(() => bar.current?.querySelector("button")?.focus(), []);
    const off = guest.state === "shut_off";

    return (
        <section className="rhv-console" aria-label={_("Console of {name}", { name: guest.name })}>
            <div className="rhv-console__bar" ref={bar} role="toolbar" aria-label={_("Console")}>
                <ToggleGroup aria-label={_("Which console")}>
                    <ToggleGroupItem text={_("Screen")} buttonId="console-vnc" isSelected={kind === "vnc"} onChange={() => choose("vnc")} />
                    <ToggleGroupItem text={_("Serial")} buttonId="console-serial" isSelected={kind === "serial"} onChange={() => choose("serial")} />
                </ToggleGroup>
                {kind === "vnc" && <KeysMenu viewer={viewer} />}
                <Button variant="secondary" id="console-type" isDisabled={viewer === null} onClick={() => setTyping(true)}>{_("Type a text")}</Button>
                {kind === "vnc" && (
                    <ToggleGroup aria-label={_("Size of the picture")}>
                        <ToggleGroupItem text={_("Fit")} buttonId="console-fit" isSelected={fit} onChange={() => setFit(true)} />
                        <ToggleGroupItem text="1:1" buttonId="console-actual" isSelected={!fit} onChange={() => setFit(false)} />
                    </ToggleGroup>
                )}
                <span className="rhv-console__gap" />
                <RemoteViewerButton guest={guest} onOutcome={setOutcome} />
                {!alone && (
                    <Button variant="link" component="a" href={`${location.pathname}${href({ page: "console", uuid: guest.uuid, type: kind })}`}
                            target="_blank" rel="noreferrer" id="console-window" icon={<ExternalLinkAltIcon />} iconPosition="end">
                        {_("Own window")}
                    </Button>
                )}
            </div>
            {outcome && <RemoteViewerOutcome guest={guest} outcome={outcome} onOutcome={setOutcome} />}
            {isProtected(guest) && guest.owner === "managed" && (
                <p className="rhv-muted">{_("A Manager runs this guest. Its console may be used here.")}</p>
            )}
            {!privileged
                ? <Denied />
                : !mayChange
                    ? <LookOnly />
                    : off
                        ? <Off guest={guest} />
                        : (
                            <LiveConsole key={`${kind} ${attempt.number}`} uuid={guest.uuid} name={guest.name} kind={kind} fit={fit} takeOver={attempt.takeOver}
                                         onViewer={setViewer} onLeave={leave} onRetry={retry} onKind={choose} />
                        )}
            <p className="rhv-console__hint rhv-muted" id="console-hint">
                {_("While the console has the focus it gets every key; Shift+F12 leaves it.")}
                {kind === "vnc" && ` ${_("Keys are sent by their place, so the guest's own keyboard layout decides what they mean.")}`}
            </p>
            {typing && viewer && <TypeDialog viewer={viewer} kind={kind} onClose={() => setTyping(false)} />}
        </section>
    );
}
