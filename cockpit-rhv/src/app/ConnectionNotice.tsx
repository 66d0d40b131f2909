// SPDX-License-Identifier: Apache-2.0
import { _ } from "../i18n";
import { duration } from "../format";
import { useConnection, useSession } from "../rpc/hooks";
import type { Connection } from "../rpc/session";
import { reloadPage } from "../common/reload";
import { useLasting, useTicker } from "../common/time";
import { AlertActionLink } from "../pf";
import { Notice } from "../common/Notice";

/** Why the helper is gone, in words. */
export function lossReason(problem: string): string {
    switch (problem) {
    case "not-found":
    case "no-cockpit":
        return _("The package cockpit-rhv is not installed completely on this host: its helper is missing.");
    case "access-denied":
        return _("Your account may not run the helper on this host.");
    case "disconnected":
    case "timeout":
        return _("The connection to the host was interrupted.");
    case "terminated":
        return _("The helper on the host has ended.");
    default:
        return _("The helper on the host has failed.");
    }
}

function Lost({ connection }: { connection: Connection }) {
    const { retryNow } = useSession();
    const now = useTicker(connection.state === "lost", 500);
    const waiting = connection.state === "lost" ? Math.max(0, connection.retryAt - now) / 1000 : 0;
    return (
        <Notice variant="warning" title={_("Not connected to the host")} id="connection-lost"
               actionLinks={connection.state === "lost" &&
                   <AlertActionLink onClick={retryNow}>{_("Try now")}</AlertActionLink>}>
            {connection.state === "lost"
                ? `${lossReason(connection.reason.problem)} ${_("Trying again in {time}.", { time: duration(waiting) })}`
                : _("Connecting again…")}
            {" "}
            {_("What you see is the last known state; what you have entered stays.")}
        </Notice>
    );
}

/** Above every page: a lost connection, or a page and a helper of different versions. */
export function ConnectionNotice() {
    const connection = useConnection();
    // Changing privileges replaces the helper in a moment.
    const lost = useLasting(connection.state !== "connected" && connection.hello !== null, 1_500);
    if (lost)
        return (
            <aside className="rhv-notice" aria-label={_("Connection")}>
                {/* Said once; the seconds of the countdown are for the eyes. */}
                <span className="pf-v6-screen-reader" role="status">{_("Not connected to the host")}</span>
                <Lost connection={connection} />
            </aside>
        );
    if (connection.state === "connected" && connection.hello.version !== __VERSION__) {
        return (
            <aside className="rhv-notice" aria-label={_("Version")}>
                <Notice variant="warning" id="version-skew"
                       title={_("This page and the host run different versions")}
                       actionLinks={<AlertActionLink onClick={reloadPage}>{_("Reload the page")}</AlertActionLink>}>
                    {_("The page is version {page}, the host's helper is version {helper}: the package was probably updated while this page was open. If reloading does not help, log out of Cockpit and in again.",
                       { page: __VERSION__, helper: connection.hello.version })}
                </Notice>
            </aside>
        );
    }
    return null;
}
