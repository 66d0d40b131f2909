// SPDX-License-Identifier: Apache-2.0
import { FROM_NETWORK_STEP } from "../../app/route";
import { CheckItem } from "../../checks/CheckItem";
import { ORDER } from "../../checks/severity";
import { ErrorAlert } from "../../common/ErrorAlert";
import { Status } from "../../common/Status";
import { _, text } from "../../i18n";
import { Button, ExpandableSection, Title } from "../../pf";
import type { NetworkTrial } from "./useNetworkTrial";

interface NetworkTrialReportProps {
    trial: NetworkTrial;
    /** The step has answers that are wrong by themselves. */
    incomplete: boolean;
    /** The deployment that gets other answers: a remedy's log leads back to it. */
    job: string | null;
}

/** The engine's address, tried on the wire before it is used: the button, how it goes, and what was found. */
export function NetworkTrialReport({ trial: { trial, verdict, run, cancel }, incomplete, job }: NetworkTrialReportProps) {
    const running = trial.state === "running";
    const results = trial.state === "done"
        ? trial.result.report.results.filter(({ severity }) => severity !== "not_applicable") : [];
    const sorted = results.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
    const urgent = sorted.filter(({ severity }) => severity !== "ok");
    const passed = sorted.filter(({ severity }) => severity === "ok");
    const item = (check: (typeof results)[number]) =>
        <CheckItem key={check.id} check={check} from={job ?? FROM_NETWORK_STEP} again={run} />;
    return (
        <section aria-labelledby="network-trial-title" data-trial={trial.state} data-verdict={verdict} className="rhv-trial">
            <div className="rhv-section-head">
                <Title headingLevel="h3" size="lg" id="network-trial-title" tabIndex={-1}>{_("Check of the address")}</Title>
                {running
                    ? <Button variant="link" isInline onClick={cancel} id="network-trial-cancel">{_("Cancel the check")}</Button>
                    : (
                        <Button variant="link" isInline onClick={run} isAriaDisabled={incomplete} id="network-trial-run">
                            {trial.state === "idle" ? _("Check the address") : _("Check again")}
                        </Button>
                    )}
            </div>
            <div role="status">
                {trial.state === "idle" && (
                    <span className="rhv-muted">
                        {_("Before the next step the address is tried: whether somebody has it, whether the gateway answers, and what the DNS says.")}
                    </span>
                )}
                {trial.state === "stale" && <Status tone="off">{_("The answers have changed since the last check.")}</Status>}
                {running && <Status tone="busy">{_("The address is being tried on the network…")}</Status>}
                {verdict === "passed" && <Status tone="good">{_("The address can be used.")}</Status>}
                {verdict === "refused" && <Status tone="bad">{_("The address cannot be used like this.")}</Status>}
                {trial.state === "done" && verdict === "told" &&
                    <Status tone="warning">{_("Nothing stands in the way; read this before you go on.")}</Status>}
            </div>
            {trial.state === "failed" && (
                <ErrorAlert error={trial.error} variant="warning" title={_("The address could not be checked")}>
                    {_("You may go on: the host is checked again before the deployment.")}
                </ErrorAlert>
            )}
            {trial.state === "done" && trial.result.errors.map(({ path, error }) =>
                <p key={path}>{text(error.message)}</p>)}
            {urgent.length > 0 && <ul className="rhv-checks">{urgent.map(item)}</ul>}
            {passed.length > 0 && (
                <ExpandableSection toggleText={_("What was found in order")} className="rhv-details">
                    <ul className="rhv-checks">{passed.map(item)}</ul>
                </ExpandableSection>
            )}
        </section>
    );
}
