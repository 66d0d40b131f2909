// SPDX-License-Identifier: Apache-2.0
import { href } from "../app/route";
import { Notice } from "../common/Notice";
import type { JobStatus } from "../generated/wire";
import { _, text } from "../i18n";
import { useTopicValue } from "../rpc/hooks";
import type { Live } from "../rpc/merge";
import { Button } from "../pf";

/** The one operation on the engine that runs now, if it is not `except`: whoever looks, whoever started it. */
export function useRunningOperation(except: string | null = null): Live<JobStatus> | null {
    const jobs = useTopicValue("jobs");
    return Object.values(jobs?.jobs ?? {}).find(({ id, kind, state }) =>
        id !== except && kind !== "task" && (state === "running" || state === "queued")) ?? null;
}

/** Says that something else is being done to the engine at the moment. */
export function RunningNotice({ job }: { job: Live<JobStatus> | null }) {
    if (!job)
        return null;
    return (
        <Notice variant="info" id="operation-running" title={_("Running now: {title}", { title: text(job.title) })}>
            {job.user !== "" && _("Started by {user}.", { user: job.user })}
            {" "}
            <Button variant="link" isInline component="a" href={href({ page: "job", id: job.id })}>{_("Show it")}</Button>
        </Notice>
    );
}
