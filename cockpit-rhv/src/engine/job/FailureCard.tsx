// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { href } from "../../app/route";
import { BundleLink } from "../../common/BundleLink";
import { ErrorDetails } from "../../common/ErrorDetails";
import { ToneIcon } from "../../common/Status";
import type { JobStatus, RhvError } from "../../generated/wire";
import { _, text } from "../../i18n";
import { usePrivileged, useTopicValue } from "../../rpc/hooks";
import type { Live } from "../../rpc/merge";
import { Button, Card, CardBody, Title } from "../../pf";
import { RemedyAction } from "../remedy/RemedyAction";
import { FailureActions } from "./FailureActions";
import { MadeSoFar } from "./MadeSoFar";
import { jobState } from "./words";

type Ended = "failed" | "interrupted" | "cancelled";

function lastPhase(status: Live<JobStatus>): string | undefined {
    const found = status.phases.find(phase => phase.id === status.phase) ?? status.phases.find(phase => phase.state === "failed");
    return found && text(found.title);
}

/** Where it ended, as the headline. */
function headline(phase: string | undefined, state: Ended): string {
    switch (state) {
    case "failed": return phase === undefined ? _("The job failed") : _("Failed in the phase “{phase}”", { phase });
    case "interrupted": return phase === undefined ? _("The job was interrupted") : _("Interrupted in the phase “{phase}”", { phase });
    case "cancelled": return phase === undefined ? _("The job was cancelled") : _("Cancelled in the phase “{phase}”", { phase });
    }
}

function sentence(status: Live<JobStatus>, state: Ended): string | null {
    if (status.error)
        return text(status.error.message);
    switch (state) {
    case "failed": return _("It ended without reporting why; the raw output may tell.");
    case "interrupted": return _("It ended without reporting why; probably this host was restarted.");
    case "cancelled": return null;
    }
}

/** Why, and what to do: each with its word beside it, so that the eye finds the one it looks for. */
function Advice({ error }: { error: Live<RhvError> }) {
    if (!error.cause && !error.hint)
        return null;
    return (
        <dl className="rhv-advice">
            {error.cause && <div data-advice="cause"><dt>{_("Likely cause")}</dt><dd>{text(error.cause)}</dd></div>}
            {error.hint && <div data-advice="hint"><dt>{_("What to do")}</dt><dd>{text(error.hint)}</dd></div>}
        </dl>
    );
}

/** How a job ended that did not succeed: where, why, what helps, and what can be done now. */
export function FailureCard({ status, state, onError }: {
    status: Live<JobStatus>; state: Ended; onError: (error: RhvError | null) => void;
}) {
    const { error } = status;
    const [mended, setMended] = useState(false);
    const privileged = usePrivileged();
    const fresh = useTopicValue("engine")?.state === "none";
    const why = sentence(status, state);
    const phase = lastPhase(status);
    const task = status.task && text(status.task);
    return (
        <Card component="section" id={`job-${state}`} data-error={error?.code}>
            <CardBody className="rhv-failure">
                <div className="rhv-failure__head">
                    <ToneIcon tone={jobState(state).tone} size="xl" />
                    <div>
                        <Title headingLevel="h2" size="xl">{headline(phase, state)}</Title>
                        {task !== undefined && task !== phase && <p className="rhv-muted">{_("Task: {task}", { task })}</p>}
                    </div>
                </div>
                {why !== null && <p className="rhv-failure__sentence">{why}</p>}
                {error && <Advice error={error} />}
                {status.kind === "deploy" && status.resumable && privileged && <MadeSoFar />}
                {error?.remedy && (
                    <RemedyAction of={`${status.id}/${status.attempt}`} remedy={error.remedy} from={status.id} onDone={() => setMended(true)} />
                )}
                {error && <ErrorDetails error={error} />}
                <div className="rhv-failure__actions">
                    <FailureActions status={status} helpFirst={Boolean(error?.remedy) && !mended} onError={onError} />
                    {status.kind === "deploy" && !status.resumable && fresh && (
                        <Button component="a" href={href({ page: "deploy", step: null })}>{_("Deploy the engine")}</Button>
                    )}
                    <BundleLink job={status.id} />
                </div>
                {status.resumable && (
                    <p className="rhv-muted">{_("Resuming goes on at the first unfinished phase; what is done is not done again.")}</p>
                )}
            </CardBody>
        </Card>
    );
}
