// SPDX-License-Identifier: Apache-2.0
import { _, plural } from "../../i18n";
import type { Connection } from "../../rpc/session";
import type { Preflight } from "./usePreflight";
import type { Plan } from "./useResumePlan";

type Problems = ReadonlyMap<string, string>;

/** What stands in the way of any wizard's end, before its own question to the host. */
function unanswered(connection: Connection, problems: Problems): string | null {
    if (connection.state !== "connected")
        return _("Not connected to the host.");
    return problems.size > 0
        ? plural("One answer needs your attention.", "{count} answers need your attention.", problems.size)
        : null;
}

function unprivileged(connection: Connection): string | null {
    return connection.state === "connected" && connection.hello.privileged ? null : _("Administrative access is needed.");
}

/** Why the deployment cannot be started now, in the order in which one would mend it; null when it can. */
export function deployObstacle(connection: Connection, problems: Problems, preflight: Preflight): string | null {
    const first = unanswered(connection, problems);
    if (first !== null)
        return first;
    if (preflight.state === "running")
        return _("The host is being checked…");
    if (preflight.state === "failed")
        return _("The host could not be checked.");
    const errors = preflight.result.report.results.filter(check => check.severity === "error").length;
    if (errors > 0)
        return plural("The check of this host found an error.", "The check of this host found {count} errors.", errors);
    return unprivileged(connection);
}

/** Why the deployment cannot be resumed with other answers now; null when it can. */
export function resumeObstacle(connection: Connection, problems: Problems, plan: Plan): string | null {
    const first = unanswered(connection, problems) ?? unprivileged(connection);
    if (first !== null)
        return first;
    if (plan.state === "running")
        return _("The plan is being made…");
    return plan.state === "failed" ? _("The plan could not be made.") : null;
}
