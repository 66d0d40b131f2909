// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { Status } from "../common/Status";
import { RemedyAction } from "../engine/remedy/RemedyAction";
import type { CheckResult } from "../generated/wire";
import { _, text } from "../i18n";
import { ExpandableSection } from "../pf";
import type { Live } from "../rpc/merge";
import { asked } from "./haModes";
import { TONES, word } from "./severity";

interface CheckItemProps {
    check: CheckResult | Live<CheckResult>;
    /** Where the log of its remedy leads back to. */
    from: string;
    /** The remedy has succeeded: what was wrong is to be looked at again. */
    again?: () => void;
    /** What was looked at is shown from the beginning. */
    open?: boolean;
    level?: "h3" | "h4";
}

/** One check: its state, a sentence, what to do, the button that does it, and what was looked at. */
export function CheckItem({ check, from, again = () => undefined, open = false, level }: CheckItemProps) {
    const [unfolded, setUnfolded] = useState(open);
    const wanting = check.severity === "error" || check.severity === "warning" || check.severity === "unknown";
    const Heading = level ?? "div";
    return (
        <li className="rhv-check" data-check={check.id} data-severity={check.severity}>
            <div className="rhv-check__state"><Status tone={TONES[check.severity]}>{word(check.severity)}</Status></div>
            <div className="rhv-check__body">
                <Heading className="rhv-check__title">{text(check.title)}</Heading>
                <div>{text(check.summary)}</div>
                {wanting && check.remedy && (
                    <div className="rhv-check__remedy"><b>{_("What to do:")}</b> {text(check.remedy)}</div>
                )}
                {wanting && check.remedy_job && (
                    <RemedyAction of={`check/${check.id}`} remedy={check.remedy_job} from={from} onDone={again} once
                                  confirm={asked(check.remedy_job.task, check.remedy_job.params.mode)} />
                )}
                {/* Several of them are open at once: for who cannot see them each needs a name of its own. */}
                <ExpandableSection toggleContent={<>{_("What was looked at")}<span className="pf-v6-screen-reader">{` (${text(check.title)})`}</span></>}
                                   toggleId={`check-${check.id}-toggle`}
                                   contentId={`check-${check.id}-content`} className="rhv-details"
                                   isExpanded={unfolded} onToggle={(_event, expanded) => setUnfolded(expanded)}>
                    <p>{text(check.why)}</p>
                    <dl className="rhv-raw-facts">
                        {check.evidence.map(({ source, value }) => (
                            <div key={`${source} ${value}`}><dt>{source}</dt><dd><code>{value}</code></dd></div>
                        ))}
                    </dl>
                </ExpandableSection>
            </div>
        </li>
    );
}
