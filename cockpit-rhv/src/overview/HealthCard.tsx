// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { FROM_OVERVIEW } from "../app/route";
import { CheckItem } from "../checks/CheckItem";
import { TONES, word, type Severity } from "../checks/severity";
import { ErrorAlert } from "../common/ErrorAlert";
import { Status, ToneIcon } from "../common/Status";
import { timeOfDay } from "../format";
import type { Health, RhvError } from "../generated/wire";
import { _, plural, text } from "../i18n";
import { Button, Card, CardBody, ExpandableSection, Skeleton, Title } from "../pf";
import { useCall, useTopic } from "../rpc/hooks";
import type { Live } from "../rpc/merge";
import { asError } from "../rpc/topics";
import { grouped, type Check, type Groups } from "./groups";

function headline(verdict: Severity): string {
    switch (verdict) {
    case "error": return _("Something on this host is broken");
    case "warning": return _("This host needs attention");
    case "unknown": return _("Part of this host could not be examined");
    case "ok":
    case "not_applicable": return _("This host is healthy");
    }
}

function counted({ counts }: Groups): string {
    return [
        counts.error > 0 && plural("{count} error", "{count} errors", counts.error),
        counts.warning > 0 && plural("{count} warning", "{count} warnings", counts.warning),
        counts.unknown > 0 && plural("{count} unknown", "{count} unknown", counts.unknown),
        counts.ok > 0 && plural("{count} in order", "{count} in order", counts.ok),
    ].filter(part => part !== false).join(" · ");
}

/** Several checks that could not be made for one reason. */
function Unread({ checks }: { checks: Check[] }) {
    const [first] = checks;
    if (!first)
        return null;
    if (checks.length === 1)
        return <CheckItem check={first} from={FROM_OVERVIEW} level="h3" />;
    return (
        <li className="rhv-check" data-unread={checks.length}>
            <div className="rhv-check__state"><Status tone={TONES.unknown}>{word("unknown")}</Status></div>
            <div className="rhv-check__body">
                <h3 className="rhv-check__title">{plural("{count} check has no answer", "{count} checks have no answer", checks.length)}</h3>
                <div>{text(first.summary)}</div>
                <ExpandableSection toggleText={_("Which ones")} className="rhv-details">
                    <ul className="rhv-checks">
                        {checks.map(check => <CheckItem key={check.id} check={check} from={FROM_OVERVIEW} level="h4" />)}
                    </ul>
                </ExpandableSection>
            </div>
        </li>
    );
}

function Folded({ checks, title }: { checks: Check[]; title: string }) {
    if (checks.length === 0)
        return null;
    return (
        <ExpandableSection toggleText={title} className="rhv-details">
            <ul className="rhv-checks">
                {checks.map(check => <CheckItem key={check.id} check={check} from={FROM_OVERVIEW} level="h3" />)}
            </ul>
        </ExpandableSection>
    );
}

function Report({ health, groups }: { health: Live<Health>; groups: Groups }) {
    return (
        <>
            {health.error && <ErrorAlert error={health.error} title={_("The last check of this host came to nothing")} />}
            {(groups.urgent.length > 0 || groups.unknown.length > 0) && (
                <ul className="rhv-checks">
                    {groups.urgent.map(check => (
                        // A changed severity is a new finding: what it looked at is shown again.
                        <CheckItem key={`${check.id} ${check.severity}`} check={check} from={FROM_OVERVIEW}
                                   open={check.severity === "error"} level="h3" />
                    ))}
                    {groups.unknown.map(checks => <Unread key={checks[0]?.id} checks={checks} />)}
                </ul>
            )}
            <div className="rhv-health__folded">
                <Folded checks={groups.fine} title={plural("{count} check in order", "{count} checks in order", groups.fine.length)} />
                <Folded checks={groups.absent}
                        title={plural("{count} check does not apply to this host", "{count} checks do not apply to this host", groups.absent.length)} />
            </div>
        </>
    );
}

function Verdict({ health, groups }: { health: Live<Health>; groups: Groups }) {
    if (health.verdict === undefined && !health.running) {
        return (
            <div className="rhv-headline">
                <ToneIcon tone="unknown" size="xl" />
                <Title headingLevel="h2" size="xl" id="health-title">{_("This host could not be checked")}</Title>
            </div>
        );
    }
    if (health.verdict === undefined) {
        return (
            <div className="rhv-headline">
                <ToneIcon tone="busy" size="xl" />
                <div>
                    <Title headingLevel="h2" size="xl" id="health-title">{_("This host is being checked")}</Title>
                    <span className="rhv-muted">
                        {_("{done} of {total} checks", { done: Object.keys(health.results).length, total: health.order.length })}
                    </span>
                </div>
            </div>
        );
    }
    return (
        <div className="rhv-headline" data-verdict={health.verdict}>
            <ToneIcon tone={TONES[health.verdict]} size="xl" />
            <div>
                <Title headingLevel="h2" size="xl" id="health-title">{headline(health.verdict)}</Title>
                <span className="rhv-muted">{counted(groups)}</span>
            </div>
        </div>
    );
}

/** One verdict, the checks behind it, and what to do. */
export function HealthCard() {
    const topic = useTopic("health");
    const call = useCall();
    const [refused, setRefused] = useState<RhvError | null>(null);
    if (topic.state === "loading") {
        return (
            <div className="rhv-card-skeleton" aria-busy="true">
                <Skeleton screenreaderText={_("Loading")} width="40%" /><Skeleton /><Skeleton width="80%" />
            </div>
        );
    }
    if (topic.state === "error")
        return <ErrorAlert error={topic.error} title={_("The health of this host cannot be told")} />;
    const health = topic.value;
    const groups = grouped(health);
    const again = () => {
        setRefused(null);
        // The results come with the topic.
        call("checks.run", {}).catch((reason: unknown) => setRefused(asError(reason).error));
    };
    return (
        <Card component="section" aria-labelledby="health-title" data-health={health.running ? "running" : "done"}>
            <CardBody>
                <div className="rhv-health__head">
                    <div role="status"><Verdict health={health} groups={groups} /></div>
                    <div className="rhv-health__again">
                        {health.checked_s !== undefined && (
                            <span className="rhv-muted">{_("Checked at {time}", { time: timeOfDay(health.checked_s) })}</span>
                        )}
                        <Button variant="secondary" id="check-again" onClick={again} isAriaDisabled={health.running}
                                isLoading={health.running} spinnerAriaValueText={_("Running")}>
                            {_("Check again")}
                        </Button>
                    </div>
                </div>
                {refused && <ErrorAlert error={refused} title={_("The host could not be checked")} />}
                <Report health={health} groups={groups} />
            </CardBody>
        </Card>
    );
}
