// SPDX-License-Identifier: Apache-2.0
import { CheckItem } from "../../checks/CheckItem";
import { ORDER } from "../../checks/severity";
import { ErrorAlert } from "../../common/ErrorAlert";
import { Status } from "../../common/Status";
import { _, plural } from "../../i18n";
import { Button, ExpandableSection, Skeleton, Title } from "../../pf";
import { FROM_REVIEW } from "../../app/route";
import type { Preflight } from "./usePreflight";

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
            <ul className="rhv-checks">{urgent.map(check => <CheckItem key={check.id} check={check} from={FROM_REVIEW} again={again} />)}</ul>
            {passed.length > 0 && (
                <ExpandableSection toggleText={plural("{count} check in order", "{count} checks in order", passed.length)}
                                   className="rhv-details">
                    <ul className="rhv-checks">{passed.map(check => <CheckItem key={check.id} check={check} from={FROM_REVIEW} again={again} />)}</ul>
                </ExpandableSection>
            )}
        </section>
    );
}
