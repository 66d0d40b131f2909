// SPDX-License-Identifier: Apache-2.0
import { href } from "../../app/route";
import { Status } from "../../common/Status";
import { clock, dateTime } from "../../format";
import { _, text } from "../../i18n";
import { useTopic } from "../../rpc/hooks";
import { Button } from "../../pf";
import { jobState } from "../job/words";

/** Earlier deployments, the newest first, each with its log. */
export function History() {
    const topic = useTopic("jobs");
    if (topic.state !== "ready")
        return topic.state === "error" ? <p>{text(topic.error.message)}</p> : null;
    const { jobs, access } = topic.value;
    const deployments = Object.values(jobs).filter(job => job.kind === "deploy").sort((a, b) => b.created_s - a.created_s);
    return (
        <>
            {access && <p className="rhv-muted">{text(access)}</p>}
            {deployments.length === 0 && !access && <p>{_("The deployments of this host are listed here.")}</p>}
            <ul className="rhv-history">
                {deployments.map(job => {
                    const { tone, word } = jobState(job.state);
                    return (
                        <li key={job.id} data-job={job.id}>
                            <Button variant="link" isInline component="a" href={href({ page: "job", id: job.id })}>
                                {dateTime(job.started_s ?? job.created_s)}
                            </Button>
                            <Status tone={tone}>{word}</Status>
                            <span className="rhv-muted">{_("{time} by {user}", { time: clock(job.elapsed_s), user: job.user })}</span>
                        </li>
                    );
                })}
            </ul>
        </>
    );
}
