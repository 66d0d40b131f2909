// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef } from "react";

import { _ } from "../../i18n";
import { Button } from "../../pf";
import { WizardFooterWrapper, useWizardContext } from "./pf";
import type { Verdict } from "./useNetworkTrial";

/** The button at the end: what it says and does. */
export interface Submit {
    word: string;
    /** Why it is not possible, or null. */
    obstacle: string | null;
    busy: boolean;
    run: () => void;
}

/** What a step tries on the host before Next leaves it. */
export interface StepTrial {
    step: string;
    verdict: Verdict;
    run: () => void;
    /** Shows what was found. */
    focus: () => void;
}

interface WizardButtonsProps {
    /** The step the address names. */
    wanted: string;
    /** Called before Next; false stays. */
    onLeave: (step: string) => boolean;
    submit: Submit;
    trial: StepTrial | null;
    /** What is to be said before leaving a step. */
    note: (step: string) => string | null;
}

export function WizardButtons({ wanted, onLeave, submit, trial, note }: WizardButtonsProps) {
    const { word, obstacle, busy, run } = submit;
    const { activeStep, goToNextStep, goToPrevStep, goToStepById, close } = useWizardContext();
    const active = String(activeStep.id);

    // The browser's own Back and Forward change the address.
    useEffect(() => {
        if (wanted !== active)
            goToStepById(wanted);
        // eslint-disable-next-line react-hooks/exhaustive-deps -- only a new address moves the wizard, not its own steps
    }, [wanted]);

    // The button that opens the steps in a narrow frame; PatternFly leaves it no other way to a name.
    const label = `${_("Steps of the deployment")}: ${activeStep.name as string}`;
    useEffect(() => {
        document.querySelector(".pf-v6-c-wizard__toggle")?.setAttribute("aria-label", label);
    }, [label]);

    const review = active === "review";
    const tried = trial?.step === active ? trial : null;
    const verdict = tried?.verdict ?? "passed";
    // The step in which Next was pressed: it is left by itself when nothing was found.
    const leaving = useRef<string | null>(null);
    const next = () => {
        if (!onLeave(active))
            return;
        if (verdict === "passed" || verdict === "told") {
            void goToNextStep();
        } else {
            leaving.current = active;
            if (verdict !== "running")
                tried?.run();
        }
    };
    useEffect(() => {
        if (leaving.current === null || (leaving.current === active && verdict === "running"))
            return;
        const here = leaving.current === active;
        leaving.current = null;
        if (here && verdict === "passed")
            void goToNextStep();
        else if (here && verdict !== "untried")
            tried?.focus();
        // eslint-disable-next-line react-hooks/exhaustive-deps -- what was pressed is answered once, when the verdict is there
    }, [active, verdict]);

    return (
        <WizardFooterWrapper className="rhv-wizard-footer">
            {review
                ? (
                    <Button onClick={run} isAriaDisabled={obstacle !== null || busy} isLoading={busy} spinnerAriaValueText={_("Running")}
                            id="start-deployment" {...(obstacle !== null && { "aria-describedby": "deploy-obstacle" })}>
                        {word}
                    </Button>
                )
                : (
                    <Button onClick={next} id="wizard-next" isLoading={verdict === "running"}
                            spinnerAriaValueText={_("The address is being tried on the network…")}>
                        {_("Next")}
                    </Button>
                )}
            <Button variant="secondary" onClick={() => void goToPrevStep()} isDisabled={activeStep.index === 1} id="wizard-back">
                {_("Back")}
            </Button>
            <Button variant="link" onClick={close} id="wizard-cancel">{_("Cancel")}</Button>
            <span id="deploy-obstacle" className="rhv-obstacle" role="status">{review ? obstacle : note(active)}</span>
        </WizardFooterWrapper>
    );
}
