// SPDX-License-Identifier: Apache-2.0
import { href } from "../../app/route";
import { PageFrame } from "../../common/PageFrame";
import { Status } from "../../common/Status";
import { dateTime } from "../../format";
import type { JobStatus } from "../../generated/wire";
import { _, text } from "../../i18n";
import type { Live } from "../../rpc/merge";
import { Button, Card, CardBody } from "../../pf";
import { History } from "../History";
import { LimitedAccess } from "../../common/LimitedAccess";
import { jobState } from "./words";

/** What anybody on the host may know of a job: whoever loses administrative access must not think that the job is lost. */
export function JobSummary({ job, page }: { job: Live<JobStatus>; page: "engine" | "job" }) {
    const { tone, word } = jobState(job.state);
    const running = job.state === "running" || job.state === "queued";
    return (
        <PageFrame page={page} state="ready" view={job.state} title={text(job.title)} badge={<Status tone={tone}>{word}</Status>}>
            {page === "job" && (
                <p><Button variant="link" isInline component="a" href={href({ page: "engine" })} id="job-back">{_("Hosted engine")}</Button></p>
            )}
            <LimitedAccess>{_("The details of this job, its log and what can be done about it need administrative access.")}</LimitedAccess>
            <Card component="section" id="job-summary">
                <CardBody>
                    <p>{_("Started {date}", { date: dateTime(job.started_s ?? job.created_s) })}</p>
                    {job.ended_s !== undefined && <p>{_("Ended {date}", { date: dateTime(job.ended_s) })}</p>}
                    {running && (
                        <p className="rhv-muted">
                            {_("The job runs on the host by itself. You may close this page and come back, or watch from another browser.")}
                        </p>
                    )}
                </CardBody>
            </Card>
            {page === "engine" && <History except={job.id} />}
        </PageFrame>
    );
}
