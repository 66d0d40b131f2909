// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { FROM_GUESTS, href } from "../app/route";
import { ErrorAlert } from "../common/ErrorAlert";
import { Notice } from "../common/Notice";
import { useRunning } from "../common/time";
import { CancelDialog } from "../engine/job/CancelDialog";
import { bytes, clock } from "../format";
import { _, text } from "../i18n";
import { AlertActionLink, Button } from "../pf";
import { usePrivileged } from "../rpc/hooks";
import { dismissJob, doingOf, isRunning, useToldJobs, type GuestJob } from "./atWork";

/** How far it is, or when what happens. */
function Now({ job }: { job: GuestJob }) {
    const { progress } = job;
    const elapsed = useRunning(job.elapsed_s, true);
    const since = useRunning(progress?.unit === "seconds" ? progress.done : 0, progress?.unit === "seconds");
    if (progress?.total !== undefined && progress.unit === "seconds") {
        return (
            <>
                {progress.message && <>{text(progress.message)}. </>}
                <span data-remaining>{_("What still runs is powered off in {time}.", { time: clock(Math.max(0, progress.total - since)) })}</span>
            </>
        );
    }
    if (progress?.total !== undefined && progress.unit === "bytes")
        return <>{_("About {done} of {total} of memory are written. The guest stands still meanwhile.", { done: bytes(progress.done), total: bytes(progress.total) })}</>;
    return <span aria-hidden>{_("For {time}.", { time: clock(elapsed) })}</span>;
}

function Link({ job }: { job: GuestJob }) {
    return (
        <Button variant="link" isInline component="a" href={href({ page: "job", id: job.id, from: FROM_GUESTS })}
                aria-label={_("Show the job: {title}", { title: text(job.title) })}>
            {_("Show the job")}
        </Button>
    );
}

function Running({ job }: { job: GuestJob }) {
    const privileged = usePrivileged();
    const [asked, setAsked] = useState(false);
    return (
        <>
            <Notice variant="info" title={text(job.title)} data-guest-job={job.id} data-guest-job-state="running"
                   actionLinks={(
                       <>
                           <Link job={job} />
                           <AlertActionLink isDisabled={!privileged} onClick={() => setAsked(true)}>
                               {doingOf(job) === "shutdown" ? _("Leave running") : _("Cancel")}
                           </AlertActionLink>
                       </>
                   )}>
                {/* Figures that move are not read out each time. */}
                <span aria-live="off"><Now job={job} /></span>
                {job.user !== "" && <> {_("Started by {user}.", { user: job.user })}</>}
            </Notice>
            {asked && <CancelDialog status={job} onClose={() => setAsked(false)} />}
        </>
    );
}

function Ended({ job }: { job: GuestJob }) {
    const title = text(job.title);
    const actions = (
        <>
            <Link job={job} />
            <AlertActionLink onClick={() => dismissJob(job)}>{_("Dismiss")}</AlertActionLink>
        </>
    );
    const data = { "data-guest-job": job.id, "data-guest-job-state": job.state };
    if (job.state === "succeeded")
        return <Notice variant="success" title={_("{title}: done", { title })} actionLinks={actions} {...data} />;
    if (job.error && job.state !== "cancelled")
        return <div {...data}><ErrorAlert error={job.error} title={_("{title}: failed", { title })} actions={actions} /></div>;
    return (
        <Notice variant="warning" title={job.state === "cancelled" ? _("{title}: cancelled", { title }) : _("{title}: failed", { title })}
               actionLinks={actions} {...data}>
            {job.state === "cancelled" && doingOf(job) === "snapshot" && _("What QEMU had begun and cannot interrupt it finishes all the same.")}
        </Notice>
    );
}

/** Jobs that work on a guest, or on any (`uuid` null), and what became of them: the same for everybody who looks. */
export function GuestJobs({ uuid }: { uuid: string | null }) {
    const jobs = useToldJobs(uuid);
    return (
        <div aria-live="polite" className="rhv-stack rhv-guests__runs">
            {jobs.map(job => (isRunning(job) ? <Running key={job.id} job={job} /> : <Ended key={job.id} job={job} />))}
        </div>
    );
}
