// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState, type ReactNode } from "react";

import { Notice } from "../common/Notice";
import type { NetworkPlan, NetworksPlanResult } from "../generated/wire";
import { EditDialog } from "../guest/EditDialog";
import { _, plural, text } from "../i18n";
import { ExpandableSection } from "../pf";
import { useCall } from "../rpc/hooks";
import { asError } from "../rpc/topics";
import { fieldProblem, Problems, type FieldProblem } from "./problems";

/** Seconds in which a change must be confirmed: time for the browser to find the host again. */
const CONFIRM_S = 60;

interface ChangeDialogProps {
    title: string;
    plan: NetworkPlan;
    /** The fields; without them what changes is shown at once. */
    children?: ReactNode;
    /** Their ids: a refusal that is about one of them is said beside it. */
    fields?: readonly string[];
    isDisabled?: boolean;
    danger?: boolean;
    onClose: () => void;
    /** The job has begun. */
    onStarted?: (job: string) => void;
}

/** Fields first, then what will change, then the job: nothing is changed before it has been seen. */
export function ChangeDialog({ title, plan, children, fields = [], isDisabled = false, danger = false, onClose, onStarted }: ChangeDialogProps) {
    const call = useCall();
    const [preview, setPreview] = useState<NetworksPlanResult | null>(null);
    const [seen, setSeen] = useState(false);
    const [refused, setRefused] = useState<{ plan: string; problem: FieldProblem | null } | null>(null);
    const asked = JSON.stringify(plan);
    // What was wrong with another plan than the one that stands there now is not said any more.
    const problem = refused?.plan === asked ? refused.problem : null;
    useEffect(() => {
        if (refused?.problem)
            document.getElementById(refused.problem.field)?.focus();
    }, [refused]);
    const look = () => call("networks.plan", { plan }).then(setPreview, (reason: unknown) => {
        setRefused({ plan: asked, problem: fieldProblem(asError(reason).error, fields) });
        throw reason;
    });
    if (!seen || !preview) {
        return (
            <EditDialog key="fields" title={title} confirm={_("Show what changes")} isDisabled={isDisabled} onClose={onClose}
                        onDone={() => setSeen(true)} action={look} isBeside={error => fieldProblem(error, fields) !== null}>
                <Problems.Provider value={problem}>
                    {children ?? <p>{_("What changes is shown first.")}</p>}
                </Problems.Provider>
            </EditDialog>
        );
    }
    return (
        <EditDialog key="review" title={title} confirm={_("Change it now")} danger={danger} isDisabled={false} onClose={onClose}
                    onBack={() => setSeen(false)} action={() => call("networks.change", { plan, confirm_s: CONFIRM_S }).then(({ job }) => onStarted?.(job))}>
            {preview.warnings.map(warning => <Notice key={text(warning)} variant="warning" title={text(warning)} />)}
            <ul className="rhv-steps" data-preview>
                {preview.steps.map(step => <li key={text(step)}>{text(step)}</li>)}
            </ul>
            <p>
                {plural("Confirm it on this page within {count} second; otherwise everything becomes as it is now, by itself.",
                    "Confirm it on this page within {count} seconds; otherwise everything becomes as it is now, by itself.", CONFIRM_S)}
            </p>
            <ExpandableSection toggleText={_("Commands")}>
                <pre className="rhv-mono rhv-commands">{preview.commands.map(command => command.map(quoted).join(" ")).join("\n")}</pre>
            </ExpandableSection>
        </EditDialog>
    );
}

/** As a shell would need it. */
function quoted(word: string): string {
    return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
