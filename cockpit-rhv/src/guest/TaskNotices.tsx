// SPDX-License-Identifier: Apache-2.0
import { ErrorAlert } from "../common/ErrorAlert";
import { Notice } from "../common/Notice";
import { useTicker } from "../common/time";
import { duration } from "../format";
import { _ } from "../i18n";
import { AlertActionLink } from "../pf";
import { taskStore, useTasks, type Task } from "./tasks";

function Running({ task }: { task: Task }) {
    const now = useTicker(true);
    return (
        <Notice variant="info" title={task.title} data-task="running">
            <span aria-hidden>{_("For {time}.", { time: duration(Math.max(0, now - task.since) / 1000) })}</span>{" "}
            {_("The guest may stand still meanwhile. It goes on even when this page is closed.")}
        </Notice>
    );
}

/** What is being done to the guest and takes its time, and what failed. */
export function TaskNotices({ uuid }: { uuid: string }) {
    const tasks = useTasks(uuid);
    return (
        <div aria-live="polite" className="rhv-stack rhv-guests__runs">
            {tasks.map(task => (task.error
                ? (
                    <ErrorAlert key={task.id} error={task.error} title={_("{task} failed", { task: task.title })}
                                actions={<AlertActionLink onClick={() => taskStore.dismiss(task.id)}>{_("Dismiss")}</AlertActionLink>} />
                )
                : <Running key={task.id} task={task} />))}
        </div>
    );
}
