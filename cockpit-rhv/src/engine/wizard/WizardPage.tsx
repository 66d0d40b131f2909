// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { LoadingCards } from "../../app/FirstConnection";
import { go, href } from "../../app/route";
import { ErrorAlert } from "../../common/ErrorAlert";
import { PageFrame } from "../../common/PageFrame";
import { answersOf, leave, problemsOf, stepOf, type Draft } from "../../form/draft";
import { STEP_IDS, type StepId } from "../../form/layout";
import type { RhvError } from "../../generated/wire";
import { _, text } from "../../i18n";
import { useCall, useConnection, useTopicValue } from "../../rpc/hooks";
import { asError } from "../../rpc/topics";
import { Button } from "../../pf";
import { Wizard, WizardStep } from "./pf";
import { Notice } from "../../common/Notice";
import { useDraft } from "../draft-context";
import { focusProblem } from "./focus";
import { deployObstacle } from "./obstacle";
import { ReviewStep } from "./ReviewStep";
import { StepForm } from "./StepForm";
import { WizardButtons } from "./WizardButtons";
import { usePreflight } from "./usePreflight";
import { useServerProblems } from "./useServerProblems";

function stepTitle(step: StepId): string {
    switch (step) {
    case "engine": return _("Engine VM");
    case "network": return _("Network");
    case "storage": return _("Storage");
    }
}

function stepIntro(step: StepId): string {
    switch (step) {
    case "engine": return _("The virtual machine in which the Manager runs, and the password for it.");
    case "network": return _("How the engine VM, and with it the Manager, is reached.");
    case "storage": return _("Where the engine VM's disk is kept.");
    }
}

function DeployWizard({ draft, wanted }: { draft: Draft; wanted: string }) {
    const { update, discard } = useDraft();
    const call = useCall();
    const connection = useConnection();
    const server = useServerProblems(draft);
    const { preflight, again } = usePreflight(draft, wanted === "review");
    const refusals = preflight.state === "done" ? preflight.result.errors : [];
    // What this page sees itself comes last and wins: it is there at once.
    const problems = new Map([
        ...refusals.map(({ path, error }): [string, string] => [path, text(error.message)]), ...server, ...problemsOf(draft),
    ]);
    const [starting, setStarting] = useState(false);
    const [refused, setRefused] = useState<RhvError | null>(null);

    const troubled = (step: string) => [...problems.keys()].filter(path => stepOf(draft, path) === step);
    const onLeave = (step: string): boolean => {
        update(old => leave(old, step as StepId));
        const [first] = troubled(step);
        if (first !== undefined)
            focusProblem(first);
        return first === undefined;
    };
    const onDeploy = () => {
        setStarting(true);
        setRefused(null);
        const { admin_password: admin, root_password: root } = draft.secrets;
        call("deploy.start", {
            profile: draft.form.profile,
            answers: answersOf(draft),
            secrets: { admin_password: admin.value, ...(root.value !== "" && { root_password: root.value }) },
        }).then(({ job }) => {
            go({ page: "job", id: job });
            discard();
        }, (reason: unknown) => {
            setRefused(asError(reason).error);
            setStarting(false);
        });
    };

    return (
        <Wizard height="100%" className="rhv-wizard" shouldFocusContent navAriaLabel={_("Steps of the deployment")}
                startIndex={wanted === "review" ? STEP_IDS.length + 1 : Math.max(0, STEP_IDS.indexOf(wanted as StepId)) + 1}
                onClose={() => go({ page: "engine" })}
                onStepChange={(_event, step, previous) => {
                    // The review looks at every step, also at those that were jumped over.
                    const seen = step.id === "review" ? STEP_IDS : STEP_IDS.filter(id => id === previous.id);
                    update(old => seen.reduce(leave, old));
                    go({ page: "deploy", step: String(step.id) });
                }}
                footer={(
                    <WizardButtons wanted={wanted} onLeave={onLeave} starting={starting} onDeploy={onDeploy}
                                   obstacle={deployObstacle(connection, problems, preflight)} />
                )}>
            {STEP_IDS.map(step => (
                <WizardStep key={step} id={step} name={stepTitle(step)} body={{ "aria-label": stepTitle(step) }}
                            status={(draft.left.has(step) || wanted === "review") && troubled(step).length > 0 ? "error" : "default"}>
                    <StepForm draft={draft} step={step} title={stepTitle(step)} intro={stepIntro(step)} problems={problems} />
                </WizardStep>
            ))}
            <WizardStep id="review" name={_("Review")} body={{ "aria-label": _("Review") }}>
                <ReviewStep draft={draft} problems={problems} preflight={preflight} again={again} refused={refused}
                            stepTitle={stepTitle} />
            </WizardStep>
        </Wizard>
    );
}

/** Guards the wizard: there must be a form, and no engine yet. */
export default function WizardPage({ step }: { step: string | null }) {
    const { draft, error } = useDraft();
    const engine = useTopicValue("engine");
    const title = _("Deploy the engine");
    const taken = engine?.state === "deployed" || engine?.state === "deploying";

    if (taken) {
        return (
            <PageFrame page="deploy" state="ready" view="taken" title={title}>
                <Notice variant="info"
                       title={engine.state === "deployed" ? _("This host already has an engine") : _("A deployment is already running")}>
                    <Button variant="link" isInline component="a" href={href({ page: "engine" })}>{_("Show it")}</Button>
                </Notice>
            </PageFrame>
        );
    }
    if (!draft) {
        return (
            <PageFrame page="deploy" state={error ? "error" : "loading"} title={title}>
                {error ? <ErrorAlert error={error} title={_("The form cannot be read from the host")} /> : <LoadingCards />}
            </PageFrame>
        );
    }
    return (
        <PageFrame page="deploy" state="ready" view="wizard" title={title} fill>
            <DeployWizard draft={draft} wanted={step ?? "engine"} />
        </PageFrame>
    );
}
