// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { ErrorAlert } from "../common/ErrorAlert";
import { Notice } from "../common/Notice";
import { useRunning } from "../common/time";
import type { NetworkChange, RhvError } from "../generated/wire";
import { _, plural, text } from "../i18n";
import { AlertActionLink, Button } from "../pf";
import { useCall, usePrivileged } from "../rpc/hooks";
import type { Live } from "../rpc/merge";
import { asError } from "../rpc/topics";

type Change = Live<NetworkChange>;

/** Whether another change has to wait for it. */
export function isGoingOn(change: Change | undefined): boolean {
    return change !== undefined && !["kept", "undone", "lost"].includes(change.state) && !(change.state === "ended" && change.left_s === 0);
}

/** Seconds left of `reported`, going on between the helper's reports. */
function useLeft(reported: number): number {
    const gone = useRunning(reported, true) - reported;
    return Math.max(0, Math.ceil(reported - gone));
}

/** The question that must be answered in time: unanswered, everything is taken back. */
function Question({ change }: { change: Change }) {
    const call = useCall();
    const privileged = usePrivileged();
    const left = useLeft(change.left_s ?? 0);
    const [error, setError] = useState<RhvError | null>(null);
    const [said, setSaid] = useState<boolean | null>(null);
    const say = (keep: boolean) => {
        setSaid(keep);
        call("networks.confirm", { job: change.job, keep }).catch((reason: unknown) => {
            setError(asError(reason).error);
            setSaid(null);
        });
    };
    return (
        <>
            <Notice variant="warning" title={_("Keep these settings?")} data-change="confirming"
                    actionLinks={(
                        <>
                            <Button id="keep-change" isDisabled={!privileged || said !== null} isLoading={said === true} spinnerAriaValueText={_("Running")} onClick={() => say(true)}>
                                {_("Keep")}
                            </Button>
                            {" "}
                            <Button id="undo-change" variant="secondary" isDisabled={!privileged || said !== null} isLoading={said === false} spinnerAriaValueText={_("Running")}
                                    onClick={() => say(false)}>
                                {_("Undo")}
                            </Button>
                        </>
                    )}>
                <p>{_("{title}, begun by {user}, is done.", { title: text(change.title), user: change.user })}</p>
                <p>{change.gateway === undefined ? _("Whether the host still reaches others is not known: no gateway answered before.") : _("The gateway {gateway} answers.", { gateway: change.gateway })}</p>
                <p data-left={left}>{plural("In {count} second everything is as before, by itself.", "In {count} seconds everything is as before, by itself.", left)}</p>
            </Notice>
            {error && <ErrorAlert error={error} />}
        </>
    );
}

/** What became of a change whose job is gone. */
function Ended({ change }: { change: Change }) {
    const left = useLeft(change.left_s ?? 0);
    return (
        <Notice variant="warning" title={_("The job that changed the network was ended")} data-change="ended">
            <p>{text(change.title)}</p>
            <p>
                {left > 0
                    ? plural("It is taken back by itself in {count} second at the latest.", "It is taken back by itself in {count} seconds at the latest.", left)
                    : _("NetworkManager has taken it back by itself. See below whether everything is as before: nobody has tried the gateway.")}
            </p>
        </Notice>
    );
}

/** The change that goes on, or how the last one ended; it comes from the host, so it outlives a reload of this page. */
export function ChangeBanner({ change }: { change: Change | undefined }) {
    const [dismissed, setDismissed] = useState("");
    if (!change || dismissed === `${change.job} ${change.state}`)
        return null;
    const title = text(change.title);
    const dismiss = <AlertActionLink onClick={() => setDismissed(`${change.job} ${change.state}`)}>{_("Dismiss")}</AlertActionLink>;
    switch (change.state) {
    case "starting":
    case "applying":
        return <Notice variant="info" title={_("{title}: it is being done", { title })} data-change={change.state}>{_("The page may lose the host for some seconds.")}</Notice>;
    case "confirming":
        return <Question key={change.job} change={change} />;
    case "undoing":
        return <Notice variant="info" title={_("{title}: it is being taken back", { title })} data-change="undoing">{change.error && text(change.error.message)}</Notice>;
    case "kept":
        return <Notice variant="success" title={_("{title}: it was confirmed and stays", { title })} actionLinks={dismiss} data-change="kept" />;
    case "undone":
        return change.error
            ? <div data-change="undone"><ErrorAlert error={change.error} variant="warning" title={_("{title}: it was taken back, everything is as before", { title })} actions={dismiss} /></div>
            : null;
    case "lost":
        return change.error
            ? (
                <div data-change="lost">
                    <ErrorAlert error={change.error} title={_("{title}: it was taken back, but the host is not as it was before", { title })} actions={dismiss}>
                        <ul>{change.left.map(one => <li key={one.text + JSON.stringify(one.params)}>{text(one)}</li>)}</ul>
                    </ErrorAlert>
                </div>
            )
            : null;
    case "ended":
        return <Ended change={change} />;
    }
}
