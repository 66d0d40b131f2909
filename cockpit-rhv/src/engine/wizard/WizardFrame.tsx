// SPDX-License-Identifier: Apache-2.0
import { useCallback, useState, type ReactNode } from "react";

import { go, type Route } from "../../app/route";
import { edit, leave, stepOf, type Draft } from "../../form/draft";
import { STEP_IDS, type StepId } from "../../form/layout";
import { _ } from "../../i18n";
import { TrialSection } from "../../storage/TrialSection";
import { useStorageTrial } from "../../storage/trial";
import { useDraft, type DraftHandle } from "../draft-context";
import { BridgeMaker, BridgeQuestion, type Making } from "./BridgeMaker";
import { EarlierEngine } from "./EarlierEngine";
import { NetworkTrialReport } from "./NetworkTrialReport";
import { Wizard, WizardStep } from "./pf";
import { focusHeading, focusProblem } from "./focus";
import { StepForm } from "./StepForm";
import { testOf, untested } from "./storageTest";
import { WizardButtons, type Submit } from "./WizardButtons";
import { stepIntro, stepTitle } from "./steps";
import { useNetworkTrial } from "./useNetworkTrial";

interface WizardFrameProps {
    draft: Draft;
    update: DraftHandle["update"];
    /** The step the address names. */
    wanted: string;
    problems: ReadonlyMap<string, string>;
    submit: Submit;
    review: ReactNode;
    /** Above the first step. */
    notice?: ReactNode;
    /** The address of a step. */
    place: (step: string) => Route;
    /** Where Cancel leads. */
    back: Route;
    /** The deployment that gets other answers; null: a new one. */
    job?: string | null;
}

/** The steps with their forms, and the review: the same for a new deployment and for other answers. */
export function WizardFrame({ draft, update, wanted, problems, submit, review, notice, place, back, job = null }: WizardFrameProps) {
    const troubled = (step: string) => [...problems.keys()].filter(path => stepOf(draft, path) === step);
    const { reread } = useDraft(job);
    const [making, setMaking] = useState<Making | null>(null);
    const onMade = useCallback((name: string) => {
        setMaking(null);
        update(old => edit(edit(old, "network.kind", "bridge"), "network.name", name));
        reread();
    }, [update, reread]);
    const question = <BridgeQuestion making={making} onMade={onMade} />;
    const bridgeMaker = draft.raw["network.kind"] === "bridge" && <BridgeMaker onMaking={setMaking}>{question}</BridgeMaker>;
    // What must be answered in time is asked wherever one has gone meanwhile.
    const asked = making !== null && question;
    const network = useNetworkTrial(draft, job);
    const networkTrial = network && {
        step: "network", verdict: network.verdict, run: network.run, focus: () => focusHeading("network-trial-title"),
    };
    const onLeave = (step: string): boolean => {
        update(old => leave(old, step as StepId));
        const [first] = troubled(step);
        if (first !== undefined)
            focusProblem(first);
        return first === undefined;
    };
    const storageTrial = useStorageTrial();
    const params = testOf(draft);
    const note = (step: string) => (step === "storage" && params ? untested(storageTrial.trial, params) : null);
    return (
        <Wizard height="100%" className="rhv-wizard" shouldFocusContent navAriaLabel={_("Steps of the deployment")}
                startIndex={wanted === "review" ? STEP_IDS.length + 1 : Math.max(0, STEP_IDS.indexOf(wanted as StepId)) + 1}
                onClose={() => go(back)}
                onStepChange={(_event, step, previous) => {
                    // The review looks at every step, also at those that were jumped over.
                    const seen = step.id === "review" ? STEP_IDS : STEP_IDS.filter(id => id === previous.id);
                    update(old => seen.reduce(leave, old));
                    go(place(String(step.id)));
                }}
                footer={<WizardButtons wanted={wanted} onLeave={onLeave} submit={submit} trial={networkTrial} note={note} />}>
            {STEP_IDS.map((step, index) => (
                <WizardStep key={step} id={step} name={stepTitle(step)} body={{ "aria-label": stepTitle(step) }}
                            status={(draft.left.has(step) || wanted === "review") && troubled(step).length > 0 ? "error" : "default"}>
                    {index === 0 && notice}
                    {(step !== "network" || bridgeMaker === false) && asked}
                    <StepForm draft={draft} update={update} step={step} title={stepTitle(step)} intro={stepIntro(step)} problems={problems}
                              below={step === "network" ? { "network.name": bridgeMaker } : {}}>
                        {step === "network" && network &&
                            <NetworkTrialReport trial={network} incomplete={troubled(step).length > 0} job={job} />}
                        {step === "storage" && params && (
                            <TrialSection handle={storageTrial} params={params} level="h3" ready={() => onLeave("storage")}
                                          after={report => (
                                              <EarlierEngine report={report} params={params} again={() => storageTrial.run(params)} />
                                          )} />
                        )}
                    </StepForm>
                </WizardStep>
            ))}
            <WizardStep id="review" name={_("Review")} body={{ "aria-label": _("Review") }}>{asked}{review}</WizardStep>
        </Wizard>
    );
}
