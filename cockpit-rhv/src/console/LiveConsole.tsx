// SPDX-License-Identifier: Apache-2.0
// A console that is open or being opened. It is made anew for each attempt.
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import PluggedIcon from "@patternfly/react-icons/dist/esm/icons/plug-icon.js";

import { ErrorDetails } from "../common/ErrorDetails";
import { Notice } from "../common/Notice";
import { useLasting } from "../common/time";
import type { RhvError } from "../generated/wire";
import { _, text } from "../i18n";
import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, Skeleton } from "../pf";
import type { Viewer } from "../screens/types";
import type { Kind } from "./channel";
import { runConsole, type Phase } from "./run";

interface LiveConsoleProps {
    uuid: string;
    name: string;
    kind: Kind;
    fit: boolean;
    takeOver: boolean;
    onViewer: (viewer: Viewer | null) => void;
    /** Shift+F12: the focus goes back to the page. */
    onLeave: () => void;
    onRetry: (takeOver: boolean) => void;
    onKind: (kind: Kind) => void;
}

function Ended({ error, kind, onRetry, onKind }: { error: RhvError } & Pick<LiveConsoleProps, "kind" | "onRetry" | "onKind">) {
    const busy = error.code === "serial.busy";
    return (
        <EmptyState headingLevel="h2" icon={PluggedIcon} titleText={text(error.message)} data-console-ended={error.code} variant="sm">
            <EmptyStateBody>
                <div role="status">{error.hint && <p>{text(error.hint)}</p>}</div>
                <ErrorDetails error={error} />
            </EmptyStateBody>
            <EmptyStateFooter>
                <EmptyStateActions>
                    <Button onClick={() => onRetry(false)} id="console-retry">{busy ? _("Try again") : _("Connect again")}</Button>
                    {busy && <Button variant="secondary" onClick={() => onRetry(true)} id="console-take-over">{_("Take it over")}</Button>}
                    {error.code === "console.none" && (
                        <Button variant="secondary" onClick={() => onKind("serial")}>{_("Open the serial console")}</Button>
                    )}
                    {kind === "serial" && error.code === "serial.none" && (
                        <Button variant="secondary" onClick={() => onKind("vnc")}>{_("Open the screen")}</Button>
                    )}
                </EmptyStateActions>
            </EmptyStateFooter>
        </EmptyState>
    );
}

export function LiveConsole({ uuid, name, kind, fit, takeOver, onViewer, onLeave, onRetry, onKind }: LiveConsoleProps) {
    const place = useRef<HTMLDivElement>(null);
    const [phase, setPhase] = useState<Phase>({ state: "connecting" });
    const viewer = phase.state === "open" ? phase.viewer : null;
    const slow = useLasting(phase.state === "connecting", 300);
    // What is only right at the start; afterwards the viewer itself is told.
    const [start] = useState({ fit, label: kind === "vnc" ? _("Screen of {name}", { name }) : _("Serial console of {name}", { name }) });

    useEffect(() => {
        const element = place.current;
        if (element === null)
            return;
        return runConsole(kind, uuid, takeOver, { element, describedBy: "console-hint", ...start }, setPhase);
    }, [kind, uuid, takeOver, start]);

    useEffect(() => {
        onViewer(viewer);
        return () => onViewer(null);
    }, [viewer, onViewer]);

    useEffect(() => {
        viewer?.fit(fit);
    }, [viewer, fit]);

    // Before the viewer, which would give the guest every key.
    const onKey = (event: KeyboardEvent) => {
        if (event.key !== "F12" || !event.shiftKey)
            return;
        event.preventDefault();
        event.stopPropagation();
        viewer?.leave();
        onLeave();
    };

    return (
        <div className="rhv-console__body" data-console={phase.state} data-kind={kind}>
            {phase.state === "open" && phase.silentS !== null && (
                <Notice variant="warning" title={_("The guest's QEMU does not answer")} id="console-silent">
                    {_("For {seconds} s now. What you see is the last picture; what you type arrives when it goes on, if it does. It may be stopped or wait for a disk.",
                       { seconds: phase.silentS })}
                </Notice>
            )}
            {phase.state === "connecting" && slow && (
                <div className="rhv-console__wait" aria-busy="true"><Skeleton height="100%" screenreaderText={_("Connecting to the console")} /></div>
            )}
            {phase.state === "ended" && <Ended error={phase.error} kind={kind} onRetry={onRetry} onKind={onKind} />}
            <div ref={place} className={`rhv-console__place rhv-console__place--${kind}`} hidden={phase.state === "ended"} onKeyDownCapture={onKey} />
        </div>
    );
}
