// SPDX-License-Identifier: Apache-2.0
import { useEffect } from "react";

import { _ } from "../../i18n";
import { Button } from "../../pf";
import { WizardFooterWrapper, useWizardContext } from "./pf";

/** The button at the end: what it says and does. */
export interface Submit {
    word: string;
    /** Why it is not possible, or null. */
    obstacle: string | null;
    busy: boolean;
    run: () => void;
}

interface WizardButtonsProps {
    /** The step the address names. */
    wanted: string;
    /** Called before Next; false stays. */
    onLeave: (step: string) => boolean;
    submit: Submit;
    /** What is to be said before leaving a step. */
    note: (step: string) => string | null;
}

export function WizardButtons({ wanted, onLeave, submit, note }: WizardButtonsProps) {
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
    const next = () => {
        if (onLeave(active))
            void goToNextStep();
    };
    return (
        <WizardFooterWrapper className="rhv-wizard-footer">
            {review
                ? (
                    <Button onClick={run} isAriaDisabled={obstacle !== null || busy} isLoading={busy} spinnerAriaValueText={_("Running")}
                            id="start-deployment" {...(obstacle !== null && { "aria-describedby": "deploy-obstacle" })}>
                        {word}
                    </Button>
                )
                : <Button onClick={next} id="wizard-next">{_("Next")}</Button>}
            <Button variant="secondary" onClick={() => void goToPrevStep()} isDisabled={activeStep.index === 1} id="wizard-back">
                {_("Back")}
            </Button>
            <Button variant="link" onClick={close} id="wizard-cancel">{_("Cancel")}</Button>
            <span id="deploy-obstacle" className="rhv-obstacle" role="status">{review ? obstacle : note(active)}</span>
        </WizardFooterWrapper>
    );
}
