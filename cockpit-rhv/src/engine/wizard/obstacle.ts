// SPDX-License-Identifier: Apache-2.0
import { _, plural } from "../../i18n";
import type { Connection } from "../../rpc/session";
import type { Preflight } from "./usePreflight";

/** Why the deployment cannot be started now, in the order in which one would mend it; null when it can. */
export function deployObstacle(
    connection: Connection, problems: ReadonlyMap<string, string>, preflight: Preflight,
): string | null {
    if (connection.state !== "connected")
        return _("Not connected to the host.");
    if (problems.size > 0)
        return plural("One answer needs your attention.", "{count} answers need your attention.", problems.size);
    if (preflight.state === "running")
        return _("The host is being checked…");
    if (preflight.state === "failed")
        return _("The host could not be checked.");
    const errors = preflight.result.report.results.filter(check => check.severity === "error").length;
    if (errors > 0)
        return plural("The check of this host found an error.", "The check of this host found {count} errors.", errors);
    if (!connection.hello.privileged)
        return _("Administrative access is needed.");
    return null;
}
