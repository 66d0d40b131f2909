// SPDX-License-Identifier: Apache-2.0
import { href } from "../app/route";
import { Status } from "../common/Status";
import { dateTime, duration } from "../format";
import type { JobStatus } from "../generated/wire";
import { _, text } from "../i18n";
import { useTopic } from "../rpc/hooks";
import type { Live } from "../rpc/merge";
import { Button, Card, CardBody, CardTitle } from "../pf";
import { jobState } from "./job/words";

function Entry({ job }: { job: Live<JobStatus> }) {
    const { tone, word } = jobState(job.state);
    const when = dateTime(job.started_s ?? job.created_s);
    return (
        <li data-job={job.id} data-kind={job.kind}>
            <Button variant="link" isInline component="a" href={href({ page: "job", id: job.id })}>{text(job.title)}</Button>
            <Status tone={tone}>{word}</Status>
            <span className="rhv-muted">
                {/* Who started it, and what came of it, is not for everybody. */}
                {job.user === "" ? when : _("{when} by {user}, took {time}", { when, user: job.user, time: duration(job.elapsed_s) })}
            </span>
        </li>
    );
}

/** What was done on this host before, the newest first, each with its log; `except`: the one that is shown already. */
export function History({ except }: { except?: string }) {
    const topic = useTopic("jobs");
    if (topic.state === "loading")
        return null;
    const { jobs, access } = topic.state === "ready" ? topic.value : { jobs: {}, access: topic.error.message };
    const sorted = Object.values(jobs).filter(({ id }) => id !== except).sort((a, b) => b.created_s - a.created_s);
    if (sorted.length === 0 && !access)
        return null;
    return (
        <Card component="section" id="history">
            <CardTitle component="h2">{_("Earlier jobs")}</CardTitle>
            <CardBody>
                {access && <p className="rhv-muted">{text(access)}</p>}
                <ul className="rhv-history">{sorted.map(job => <Entry key={job.id} job={job} />)}</ul>
            </CardBody>
        </Card>
    );
}
