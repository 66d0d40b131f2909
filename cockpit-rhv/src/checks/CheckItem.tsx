// SPDX-License-Identifier: Apache-2.0
import { Status } from "../common/Status";
import { RemedyAction } from "../engine/remedy/RemedyAction";
import type { CheckResult } from "../generated/wire";
import { _, text } from "../i18n";
import type { Live } from "../rpc/merge";
import { asked } from "./haModes";
import { LookedAt } from "./LookedAt";
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
                <LookedAt id={check.id} title={check.title} why={check.why} evidence={check.evidence} open={open} />
            </div>
        </li>
    );
}
