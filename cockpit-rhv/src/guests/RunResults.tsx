// SPDX-License-Identifier: Apache-2.0
import { ErrorDetails } from "../common/ErrorDetails";
import { Notice } from "../common/Notice";
import { number } from "../format";
import { _, plural, text } from "../i18n";
import { AlertActionLink } from "../pf";
import { isOver, runStore, type Run } from "./runs";
import { actionTitle } from "./states";

function Progress({ run }: { run: Run }) {
    const { action, names, done, failed } = run;
    return (
        <Notice variant="info" data-run={run.action} data-run-state="running"
               title={_("{action}: {count} of {total}", {
                   action: actionTitle(action), count: number(done.size + failed.size), total: number(names.size),
               })} />
    );
}

function Outcome({ run }: { run: Run }) {
    const { action, names, done, failed } = run;
    const parts = [
        ...(done.size > 0 ? [plural("{count} done", "{count} done", done.size)] : []),
        ...(failed.size > 0 ? [plural("{count} failed", "{count} failed", failed.size)] : []),
    ];
    return (
        <Notice variant="danger" data-run={action} data-run-state="over"
               title={`${actionTitle(action)}: ${parts.join(", ")}`}
               actionLinks={<AlertActionLink onClick={() => runStore.dismiss(run.id)}>{_("Dismiss")}</AlertActionLink>}>
            <ul className="rhv-guests__results">
                {Array.from(failed, ([uuid, error]) => (
                    <li key={uuid} data-failed={uuid} data-error={error.code}>
                        <b>{names.get(uuid)}</b>: {text(error.message)} {error.hint && text(error.hint)}
                        <ErrorDetails error={error} />
                    </li>
                ))}
            </ul>
        </Notice>
    );
}

/** What is being done, and what did not go well; what went well shows in the rows. */
export function RunResults({ runs }: { runs: readonly Run[] }) {
    return (
        <div aria-live="polite" className="rhv-stack rhv-guests__runs">
            {runs.map(run => (isOver(run) ? <Outcome key={run.id} run={run} /> : run.names.size > 1 && <Progress key={run.id} run={run} />))}
        </div>
    );
}
