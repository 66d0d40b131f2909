// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef } from "react";

import { LookedAt } from "../checks/LookedAt";
import { TONES, word } from "../checks/severity";
import { ErrorAlert } from "../common/ErrorAlert";
import { Status } from "../common/Status";
import type { StorageReport, StorageStep } from "../generated/wire";
import { number } from "../format";
import { _, text } from "../i18n";
import { Spinner } from "../pf";
import { useTopic } from "../rpc/hooks";
import type { Live } from "../rpc/merge";

function StepItem({ step }: { step: StorageStep | Live<StorageStep> }) {
    const { severity } = step;
    const wanting = severity === "error" || severity === "warning" || severity === "unknown";
    return (
        <li className="rhv-check" data-trial-step={step.id} data-severity={severity}>
            <div className="rhv-check__state">
                {severity === "skipped"
                    ? <Status tone="off">{_("Not tried")}</Status>
                    : <Status tone={TONES[severity]}>{word(severity)}</Status>}
            </div>
            <div className="rhv-check__body">
                <div className="rhv-check__title">{text(step.title)}</div>
                <div>{text(step.summary)}</div>
                {wanting && step.remedy && <div className="rhv-check__remedy"><b>{_("What to do:")}</b> {text(step.remedy)}</div>}
                {step.evidence.length > 0 &&
                    <LookedAt id={`storage-${step.id}`} title={step.title} why={step.why} evidence={step.evidence} />}
            </div>
        </li>
    );
}

/** The steps of a test that runs: those that were done, the one that is being done, those to come. */
export function LiveSteps() {
    const topic = useTopic("storage_test");
    const list = useRef<HTMLOListElement>(null);
    const known = topic.state === "ready" && topic.value.plan.length > 0;
    // Below a form there is often no room for what is about to come.
    useEffect(() => {
        if (known)
            list.current?.closest("section")?.scrollIntoView({ block: "start" });
    }, [known]);
    if (topic.state === "error")
        return <ErrorAlert error={topic.error} title={_("The steps cannot be followed")} />;
    const { plan, steps } = topic.state === "ready" ? topic.value : { plan: [], steps: [] };
    const now = plan[steps.length];
    return (
        <>
            <p role="status">
                {now ? _("Being tested: {step}", { step: text(now.title) }) : steps.length === 0 && _("The test begins…")}
            </p>
            <ol className="rhv-checks" ref={list}>
                {plan.map(({ id, title }, index) => {
                    const done = steps[index];
                    if (done)
                        return <StepItem key={id} step={done} />;
                    const running = index === steps.length;
                    return (
                        <li key={id} className="rhv-check" data-trial-step={id} data-severity={running ? "running" : "waiting"}>
                            <div className="rhv-check__state">
                                {running
                                    ? <span className="rhv-status"><Spinner size="sm" aria-hidden /><span>{_("Running")}</span></span>
                                    : <span className="rhv-muted">{_("To come")}</span>}
                            </div>
                            <div className="rhv-check__body"><div className="rhv-check__title">{text(title)}</div></div>
                        </li>
                    );
                })}
            </ol>
        </>
    );
}

export function Verdict({ report }: { report: StorageReport }) {
    const time = number(report.elapsed_s, 1);
    if (report.cancelled)
        return <Status tone="off">{_("The test was cancelled and undone; it proves nothing.")}</Status>;
    switch (report.verdict) {
    case "ok": return <Status tone="good">{_("This storage can be used. Tested in {time} s, and undone.", { time })}</Status>;
    case "warning": return <Status tone="warning">{_("This storage can be used, but look at the warnings. Tested in {time} s, and undone.", { time })}</Status>;
    case "error": return <Status tone="bad">{_("This storage cannot be used as it is. Tested in {time} s, and undone.", { time })}</Status>;
    case "unknown": return <Status tone="unknown">{_("Not everything could be found out. Tested in {time} s, and undone.", { time })}</Status>;
    }
}

/** What a test found, step by step. */
export function TrialSteps({ report }: { report: StorageReport }) {
    return <ol className="rhv-checks">{report.steps.map(step => <StepItem key={step.id} step={step} />)}</ol>;
}
