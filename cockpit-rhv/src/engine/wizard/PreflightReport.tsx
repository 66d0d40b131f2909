// SPDX-License-Identifier: Apache-2.0
import { ErrorAlert } from "../../common/ErrorAlert";
import { Status, type Tone } from "../../common/Status";
import type { CheckResult } from "../../generated/wire";
import { _, plural, text } from "../../i18n";
import { Button, ExpandableSection, Skeleton, Title } from "../../pf";
import { FROM_REVIEW } from "../../app/route";
import { RemedyAction } from "../remedy/RemedyAction";
import type { Preflight } from "./usePreflight";

const ORDER: readonly CheckResult["severity"][] = ["error", "warning", "unknown", "ok", "not_applicable"];

const TONES: Record<CheckResult["severity"], Tone> = {
    error: "bad", warning: "warning", unknown: "unknown", ok: "good", not_applicable: "off",
};

function word(severity: CheckResult["severity"]): string {
    switch (severity) {
    case "error": return _("Error");
    case "warning": return _("Warning");
    case "unknown": return _("Unknown");
    case "ok": return _("In order");
    case "not_applicable": return _("Not needed");
    }
}

function Check({ check, again }: { check: CheckResult; again: () => void }) {
    const urgent = check.severity === "error" || check.severity === "warning";
    return (
        <li className="rhv-check" data-check={check.id} data-severity={check.severity}>
            <div className="rhv-check__state"><Status tone={TONES[check.severity]}>{word(check.severity)}</Status></div>
            <div className="rhv-check__body">
                <div className="rhv-check__title">{text(check.title)}</div>
                <div>{text(check.summary)}</div>
                {urgent && check.remedy && (
                    <div className="rhv-check__remedy"><b>{_("What to do:")}</b> {text(check.remedy)}</div>
                )}
                {(urgent || check.severity === "unknown") && check.remedy_job && (
                    <RemedyAction of={`check/${check.id}`} remedy={check.remedy_job} from={FROM_REVIEW} onDone={again} once />
                )}
                <ExpandableSection toggleText={_("What was looked at")} toggleId={`check-${check.id}-toggle`}
                                   contentId={`check-${check.id}-content`} className="rhv-details">
                    <p>{text(check.why)}</p>
                    <dl className="rhv-raw-facts">
                        {check.evidence.map(({ source, value }) => (
                            <div key={source}><dt>{source}</dt><dd><code>{value}</code></dd></div>
                        ))}
                    </dl>
                </ExpandableSection>
            </div>
        </li>
    );
}

export function PreflightReport({ preflight, again }: { preflight: Preflight; again: () => void }) {
    const running = preflight.state === "running";
    const results = preflight.state === "done" ? preflight.result.report.results : [];
    const sorted = results.toSorted((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity));
    const urgent = sorted.filter(check => ORDER.indexOf(check.severity) < ORDER.indexOf("ok"));
    const passed = sorted.filter(check => ORDER.indexOf(check.severity) >= ORDER.indexOf("ok"));
    return (
        <section aria-labelledby="preflight-title" data-preflight={preflight.state}>
            <div className="rhv-section-head">
                <Title headingLevel="h3" size="lg" id="preflight-title">{_("Check of this host")}</Title>
                <Button variant="link" isInline onClick={again} isAriaDisabled={running}>{_("Check again")}</Button>
            </div>
            <div role="status">
                {running && <Skeleton screenreaderText={_("The host is being checked")} width="60%" />}
                {preflight.state === "done" && results.length === 0 && (
                    <Status tone="off">{_("The host is checked once the answers are complete.")}</Status>
                )}
                {urgent.length === 0 && passed.length > 0 && (
                    <Status tone="good">{plural("The one check passed.", "All {count} checks passed.", passed.length)}</Status>
                )}
            </div>
            {preflight.state === "failed" &&
                <ErrorAlert error={preflight.error} title={_("The host could not be checked")} />}
            <ul className="rhv-checks">{urgent.map(check => <Check key={check.id} check={check} again={again} />)}</ul>
            {passed.length > 0 && (
                <ExpandableSection toggleText={plural("{count} check in order", "{count} checks in order", passed.length)}
                                   className="rhv-details">
                    <ul className="rhv-checks">{passed.map(check => <Check key={check.id} check={check} again={again} />)}</ul>
                </ExpandableSection>
            )}
        </section>
    );
}
