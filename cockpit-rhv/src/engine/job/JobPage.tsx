// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { LoadingCards } from "../../app/FirstConnection";
import { backTo, href } from "../../app/route";
import { BundleLink } from "../../common/BundleLink";
import { ErrorAlert } from "../../common/ErrorAlert";
import { PageFrame } from "../../common/PageFrame";
import { Status } from "../../common/Status";
import { useRunning } from "../../common/time";
import { dateTime } from "../../format";
import type { Job, RhvError } from "../../generated/wire";
import { _, text } from "../../i18n";
import { useConnection, useTopic, useTopicValue } from "../../rpc/hooks";
import type { Live } from "../../rpc/merge";
import { Button, Card, CardBody, CardTitle } from "../../pf";
import { History } from "../History";
import { LimitedAccess } from "../../common/LimitedAccess";
import { RunningNotice, useRunningOperation } from "../RunningNotice";
import { JobActions } from "./JobActions";
import { JobProgress } from "./JobProgress";
import { JobSummary } from "./JobSummary";
import { JobTabs } from "./JobTabs";
import { Outcome } from "./Outcome";
import { Phases } from "./Phases";
import { backWord, jobState } from "./words";

interface JobPageProps {
    id: string;
    /** The job's own address, or the engine page while there is nothing else to show. */
    page: "engine" | "job";
    /** Where a remedy was asked for. */
    from: string | null;
}

function JobBody({ job, page, from }: { job: Live<Job> } & Pick<JobPageProps, "page" | "from">) {
    const { status, events } = job;
    const connected = useConnection().state === "connected";
    const running = status.state === "running" || status.state === "queued";
    const elapsed = useRunning(status.elapsed_s, status.state === "running" && connected);
    const [error, setError] = useState<RhvError | null>(null);
    const other = useRunningOperation(status.id);
    const { tone, word } = jobState(status.state);

    return (
        <PageFrame page={page} state="ready" view={status.state} title={text(status.title)} badge={<Status tone={tone}>{word}</Status>}
                   actions={running && <JobActions status={status} />}>
            {page === "job" && (
                <p>
                    <Button variant="link" isInline component="a" href={href(from === null ? { page: "engine" } : backTo(from))} id="job-back">
                        {from === null ? _("Hosted engine") : backWord(from)}
                    </Button>
                </p>
            )}
            {error && <ErrorAlert error={error} title={_("The job was not resumed")} />}
            <LimitedAccess>{_("You can watch. Cancelling, resuming and cleaning up need administrative access.")}</LimitedAccess>
            {status.kind !== "task" && <RunningNotice job={other} />}
            <Outcome status={status} from={from} onError={setError} />
            {running && (
                <Card component="section">
                    <CardBody>
                        <JobProgress status={status} elapsed={elapsed} />
                        <p className="rhv-muted">
                            {_("The job runs on the host by itself. You may close this page and come back, or watch from another browser.")}
                        </p>
                        <p><BundleLink job={status.id} /></p>
                    </CardBody>
                </Card>
            )}
            <div className="rhv-job">
                <Card component="section" className="rhv-job__phases">
                    <CardTitle component="h2">{_("Phases")}</CardTitle>
                    <CardBody>
                        <Phases status={status} elapsed={elapsed} />
                        <p className="rhv-muted rhv-job__meta">
                            {_("Started {date} by {user}", { date: dateTime(status.started_s ?? status.created_s), user: status.user })}
                        </p>
                    </CardBody>
                </Card>
                <Card component="section" className="rhv-job__log">
                    <CardBody><JobTabs id={status.id} events={events} running={running} /></CardBody>
                </Card>
            </div>
            {page === "engine" && <History except={status.id} />}
        </PageFrame>
    );
}

/** One job from its beginning, wherever it was started. */
export default function JobPage({ id, page, from }: JobPageProps) {
    const job = useTopic(`job/${id}`);
    const summary = useTopicValue("jobs")?.jobs[id];
    if (job.state === "ready")
        return <JobBody job={job.value} page={page} from={from} />;
    if (job.state === "error" && job.error.code === "access.denied" && summary)
        return <JobSummary job={summary} page={page} />;
    return (
        <PageFrame page={page} state={job.state} title={_("Job")}>
            {job.state === "error" ? <ErrorAlert error={job.error} title={_("This job cannot be shown")} /> : <LoadingCards />}
        </PageFrame>
    );
}
