// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { go, href } from "../../app/route";
import type { JobStatus, RhvError } from "../../generated/wire";
import { _ } from "../../i18n";
import { useCall, usePrivileged, useTopicValue } from "../../rpc/hooks";
import { asError } from "../../rpc/topics";
import type { Live } from "../../rpc/merge";
import { Button } from "../../pf";
import CleanupDialog from "../cleanup/CleanupDialog";
import { useRunningOperation } from "../RunningNotice";

interface FailureActionsProps {
    status: Live<JobStatus>;
    /** There is a remedy to try before anything else. */
    helpFirst: boolean;
    onError: (error: RhvError | null) => void;
}

/** What can be done about a job that did not succeed. */
export function FailureActions({ status, helpFirst, onError }: FailureActionsProps) {
    const call = useCall();
    const privileged = usePrivileged();
    const other = useRunningOperation(status.id);
    const engine = useTopicValue("engine");
    const [resuming, setResuming] = useState(false);
    const [cleaning, setCleaning] = useState(false);
    const { id, kind, resumable } = status;
    const disabled = !privileged || other !== null;
    // What a later deployment has made is removed on its own page.
    const leftovers = kind === "cleanup" || (kind === "deploy" && engine !== null && engine.state !== "deployed" && engine.state !== "none");

    const resume = () => {
        setResuming(true);
        onError(null);
        call("jobs.resume", { job: id })
            .then(({ job }) => {
                if (job !== id)
                    go({ page: "job", id: job });
            })
            .catch((reason: unknown) => onError(asError(reason).error))
            .finally(() => setResuming(false));
    };

    return (
        <>
            {resumable && (
                <Button variant={helpFirst ? "secondary" : "primary"} onClick={resume} isLoading={resuming}
                        spinnerAriaValueText={_("Running")} id="resume-job" isDisabled={resuming || disabled}>
                    {_("Resume")}
                </Button>
            )}
            {resumable && kind === "deploy" && (
                <Button variant="secondary" onClick={() => go({ page: "deploy", step: null, resume: id })} isDisabled={disabled} id="resume-other">
                    {_("Resume with other answers")}
                </Button>
            )}
            {resumable && kind === "upgrade" && (
                // The way back stands there, with what it costs.
                <Button variant="secondary" component="a" href={href({ page: "engine" })} id="show-engine">{_("Show the engine")}</Button>
            )}
            {leftovers && (
                <Button variant="secondary" isDanger onClick={() => setCleaning(true)} isDisabled={disabled} id="clean-up">
                    {_("Clean up")}
                </Button>
            )}
            {cleaning && <CleanupDialog engine={false} onClose={() => setCleaning(false)} />}
        </>
    );
}
