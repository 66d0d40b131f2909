// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, useState } from "react";

import { href } from "../../app/route";
import { ConfirmDialog } from "../../common/ConfirmDialog";
import { ErrorAlert } from "../../common/ErrorAlert";
import { Status } from "../../common/Status";
import { useRunning } from "../../common/time";
import { clock } from "../../format";
import type { JobStatus, Remedy } from "../../generated/wire";
import { _, text } from "../../i18n";
import { usePrivileged, useTopic } from "../../rpc/hooks";
import type { Live } from "../../rpc/merge";
import { Button } from "../../pf";
import { useRemedy } from "./useRemedy";

interface RemedyActionProps {
    /** What the remedy is for: the same name finds a started one again. */
    of: string;
    remedy: Remedy | Live<Remedy>;
    /** Where its log leads back to. */
    from: string;
    /** Called once when it has succeeded. */
    onDone: () => void;
    /** The check runs again by itself: a remedy that has succeeded is forgotten. */
    once?: boolean;
    /** What is asked before it starts: it takes something from somebody. */
    confirm?: { title: string; body: string } | undefined;
}

function Running({ status }: { status: Live<JobStatus> }) {
    const elapsed = useRunning(status.elapsed_s, status.state === "running");
    return (
        <Status tone="busy">
            {status.task ? text(status.task) : text(status.title)}
            {" "}
            <span className="rhv-muted">{clock(elapsed)}</span>
        </Status>
    );
}

function Progress({ job, from, onEnd }: { job: string; from: string; onEnd: (state: JobStatus["state"]) => void }) {
    const topic = useTopic(`job/${job}`);
    // A job that cannot be read any more will not help.
    const state = topic.state === "ready" ? topic.value.status.state : topic.state === "error" ? "failed" : null;
    const told = useRef(false);
    useEffect(() => {
        if (state === null || state === "queued" || state === "running" || told.current)
            return;
        told.current = true;
        onEnd(state);
    }, [state, onEnd]);

    if (topic.state === "loading")
        return null;
    if (topic.state === "error")
        return <ErrorAlert error={topic.error} variant="warning" />;
    const { status } = topic.value;
    const log = <Button variant="link" isInline component="a" href={href({ page: "job", id: job, from })}>{_("Show its log")}</Button>;
    return (
        <div className="rhv-remedy__progress" data-remedy={status.state}>
            {(state === "queued" || state === "running") && <Running status={status} />}
            {state === "succeeded" && <Status tone="good">{_("Done: {title}", { title: text(status.title) })}</Status>}
            {(state === "cancelled" || state === "interrupted") && <Status tone="warning">{_("This was stopped before it was done.")}</Status>}
            {state === "failed" && (
                <Status tone="bad">
                    {status.error ? _("This did not help: {reason}", { reason: text(status.error.message) }) : _("This did not help.")}
                </Status>
            )}
            <span>{log}</span>
        </div>
    );
}

/** A remedy's button; once pressed, what it does, here and now. */
export function RemedyAction({ of, remedy, from, onDone, once = false, confirm }: RemedyActionProps) {
    const privileged = usePrivileged();
    const { job, starting, error, start, forget } = useRemedy(of, remedy);
    const [again, setAgain] = useState(false);
    const [asking, setAsking] = useState(false);
    const onStart = () => {
        setAgain(false);
        start();
    };
    const onEnd = (state: JobStatus["state"]) => {
        setAgain(state !== "succeeded");
        if (state === "succeeded") {
            if (once)
                forget();
            onDone();
        }
    };
    return (
        <div className="rhv-remedy">
            {(job === null || starting || again) && (
                <Button variant={once ? "secondary" : "primary"} onClick={confirm ? () => setAsking(true) : onStart} isLoading={starting} spinnerAriaValueText={_("Running")}
                        isDisabled={starting || !privileged} data-remedy-task={remedy.task} data-remedy-of={of}>
                    {again ? _("Try again: {title}", { title: text(remedy.title) }) : text(remedy.title)}
                </Button>
            )}
            {confirm && asking && (
                <ConfirmDialog title={confirm.title} confirm={text(remedy.title)} onClose={() => setAsking(false)}
                               action={() => { onStart(); return Promise.resolve(); }}>
                    {confirm.body}
                </ConfirmDialog>
            )}
            {error && <ErrorAlert error={error} title={_("This was not started")} />}
            {job !== null && <div role="status"><Progress key={job} job={job} from={from} onEnd={onEnd} /></div>}
        </div>
    );
}
