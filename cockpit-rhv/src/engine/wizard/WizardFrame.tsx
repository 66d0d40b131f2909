// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";

import { go, type Route } from "../../app/route";
import { leave, stepOf, type Draft } from "../../form/draft";
import { STEP_IDS, type StepId } from "../../form/layout";
import { _ } from "../../i18n";
import { TrialSection } from "../../storage/TrialSection";
import { useStorageTrial } from "../../storage/trial";
import type { DraftHandle } from "../draft-context";
import { Wizard, WizardStep } from "./pf";
import { focusProblem } from "./focus";
import { EarlierEngine } from "./EarlierEngine";
import { StepForm } from "./StepForm";
import { testOf, untested } from "./storageTest";
import { WizardButtons, type Submit } from "./WizardButtons";
import { stepIntro, stepTitle } from "./steps";

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
}

/** The steps with their forms, and the review: the same for a new deployment and for other answers. */
export function WizardFrame({ draft, update, wanted, problems, submit, review, notice, place, back }: WizardFrameProps) {
    const troubled = (step: string) => [...problems.keys()].filter(path => stepOf(draft, path) === step);
    const onLeave = (step: string): boolean => {
        update(old => leave(old, step as StepId));
        const [first] = troubled(step);
        if (first !== undefined)
            focusProblem(first);
        return first === undefined;
    };
    const trial = useStorageTrial();
    const params = testOf(draft);
    const note = (step: string) => (step === "storage" && params ? untested(trial.trial, params) : null);
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
                footer={<WizardButtons wanted={wanted} onLeave={onLeave} submit={submit} note={note} />}>
            {STEP_IDS.map((step, index) => (
                <WizardStep key={step} id={step} name={stepTitle(step)} body={{ "aria-label": stepTitle(step) }}
                            status={(draft.left.has(step) || wanted === "review") && troubled(step).length > 0 ? "error" : "default"}>
                    {index === 0 && notice}
                    <StepForm draft={draft} update={update} step={step} title={stepTitle(step)} intro={stepIntro(step)} problems={problems}
                              {...(step === "storage" && params && {
                                  below: <TrialSection handle={trial} params={params} level="h3" ready={() => onLeave("storage")}
                                                       after={report => (
                                                           <EarlierEngine report={report} params={params} again={() => trial.run(params)} />
                                                       )} />,
                              })} />
                </WizardStep>
            ))}
            <WizardStep id="review" name={_("Review")} body={{ "aria-label": _("Review") }}>{review}</WizardStep>
        </Wizard>
    );
}
