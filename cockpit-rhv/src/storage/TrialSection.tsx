// SPDX-License-Identifier: Apache-2.0
import { useEffect, useRef, type ReactNode } from "react";

import { ErrorAlert } from "../common/ErrorAlert";
import { Notice } from "../common/Notice";
import type { StorageReport, StorageTestParams } from "../generated/wire";
import { _ } from "../i18n";
import { Button, ExpandableSection, Title } from "../pf";
import { useConnection } from "../rpc/hooks";
import { isAbout, type StorageTrial } from "./trial";
import { LiveSteps, TrialSteps, Verdict } from "./TrialReport";

interface TrialSectionProps {
    handle: StorageTrial;
    /** What would be tested now. */
    params: StorageTestParams;
    level: "h3" | "h4";
    /** Called first; false stops, when what was entered is not whole. */
    ready: () => boolean;
    /** What follows from a report that is about what is entered now. */
    after?: (report: StorageReport) => ReactNode;
}

/** A button that tests the storage, its steps as they come, and what they found. */
export function TrialSection({ handle, params, level, ready, after }: TrialSectionProps) {
    const { trial, run, cancel } = handle;
    const connection = useConnection();
    const privileged = connection.state === "connected" && connection.hello.privileged;
    const button = useRef<HTMLButtonElement>(null);
    const running = trial.state === "running";
    const current = isAbout(trial, params);

    // The button to cancel goes with the test: who stood on it is not to lose the place.
    const ran = useRef(false);
    const section = useRef<HTMLElement>(null);
    useEffect(() => {
        if (ran.current && !running) {
            if (document.activeElement === document.body)
                button.current?.focus({ preventScroll: true });
            // The verdict stands above the steps, and below the fields there may have been no room for either.
            section.current?.scrollIntoView({ block: "start" });
        }
        ran.current = running;
    }, [running]);

    return (
        <section ref={section} aria-labelledby="storage-trial-title" className="rhv-trial" data-trial={trial.state} data-current={trial.state === "none" ? undefined : current}>
            <div className="rhv-section-head">
                <Title headingLevel={level} size="md" id="storage-trial-title">{_("Test of this storage")}</Title>
            </div>
            <p className="rhv-muted" id="storage-trial-help">
                {_("Tries everything that will be needed, in seconds, and undoes it. Nothing is kept or changed.")}
            </p>
            <div className="rhv-trial__buttons">
                <Button ref={button} variant="secondary" id="test-storage" isLoading={running} isAriaDisabled={running || !privileged}
                        spinnerAriaValueText={_("Running")} aria-describedby="storage-trial-help"
                        onClick={() => {
                            if (ready())
                                run(params);
                        }}>
                    {_("Test this storage")}
                </Button>
                {running && <Button variant="link" id="cancel-storage-test" onClick={cancel}>{_("Cancel the test")}</Button>}
                {!privileged && <span className="rhv-muted">{_("Testing needs administrative access.")}</span>}
            </div>
            {running && !current && (
                <Notice variant="info" title={_("What was entered has changed since the test began; its results will be of what it was.")} />
            )}
            {running && <LiveSteps />}
            <div role="status">
                {trial.state === "done" && current && <Verdict report={trial.report} />}
                {(trial.state === "done" || trial.state === "failed") && !current && (
                    <Notice variant="info" title={_("What was entered has changed since the test: test it again.")} data-stale="" />
                )}
            </div>
            {trial.state === "failed" && current && <ErrorAlert error={trial.error} title={_("The storage could not be tested")} />}
            {trial.state === "done" && (current
                ? <>{after?.(trial.report)}<TrialSteps report={trial.report} /></>
                : (
                    <ExpandableSection toggleText={_("What the earlier test found")} className="rhv-details">
                        <TrialSteps report={trial.report} />
                    </ExpandableSection>
                ))}
        </section>
    );
}
