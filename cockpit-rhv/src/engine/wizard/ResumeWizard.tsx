// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { go } from "../../app/route";
import { ErrorAlert } from "../../common/ErrorAlert";
import { answersOf, fieldsOf, problemsOf, secretsOf, type Draft } from "../../form/draft";
import type { RhvError } from "../../generated/wire";
import { _, text } from "../../i18n";
import { useCall, useConnection } from "../../rpc/hooks";
import { asError } from "../../rpc/topics";
import { Title } from "../../pf";
import { LimitedAccess } from "../../common/LimitedAccess";
import { useDraft } from "../draft-context";
import { AnswersReview } from "./AnswersReview";
import { resumeObstacle } from "./obstacle";
import { ResumePlanReport } from "./ResumePlanReport";
import { WizardFrame } from "./WizardFrame";
import { useResumePlan } from "./useResumePlan";
import { useServerProblems } from "./useServerProblems";

/** Other answers for a deployment that has begun. */
export default function ResumeWizard({ job, draft, wanted }: { job: string; draft: Draft; wanted: string }) {
    const { update, discard } = useDraft(job);
    const call = useCall();
    const connection = useConnection();
    const server = useServerProblems(draft);
    const plan = useResumePlan(job, draft, wanted === "review");
    const objections = plan.state === "done" ? plan.result.errors : [];
    const known = new Set(fieldsOf(draft).map(field => field.path));
    // What this page sees itself comes last and wins: it is there at once.
    const problems = new Map([
        ...objections.map(({ path, error }): [string, string] => [path, text(error.message)]), ...server, ...problemsOf(draft),
    ]);
    const [resuming, setResuming] = useState(false);
    const [refused, setRefused] = useState<RhvError | null>(null);

    const onResume = () => {
        setResuming(true);
        setRefused(null);
        const secrets = secretsOf(draft);
        call("deploy.resume", { job, answers: answersOf(draft), ...(Object.keys(secrets).length > 0 && { secrets }) })
            .then(({ job: resumed }) => {
                go({ page: "job", id: resumed });
                discard();
            }, (reason: unknown) => {
                setRefused(asError(reason).error);
                setResuming(false);
            });
    };

    return (
        <WizardFrame draft={draft} update={update} wanted={wanted} problems={problems}
                     place={step => ({ page: "deploy", step, resume: job })} back={{ page: "job", id: job }} job={job}
                     submit={{
                         word: _("Resume with these answers"), obstacle: resumeObstacle(connection, problems, plan), busy: resuming, run: onResume,
                     }}
                     review={(
                         <div className="rhv-review" data-step="review">
                             <div>
                                 <Title headingLevel="h2" size="xl" id="review-title">{_("Review")}</Title>
                                 <p className="rhv-muted">{_("Nothing is changed before you resume.")}</p>
                             </div>
                             {refused && <ErrorAlert error={refused} title={_("The deployment was not resumed")} />}
                             {objections.filter(({ path }) => !known.has(path) && !path.startsWith("secrets."))
                                 .map(({ path, error }) => <ErrorAlert key={path} error={error} />)}
                             <LimitedAccess>{_("Resuming needs administrative access. What you have entered stays.")}</LimitedAccess>
                             <ResumePlanReport draft={draft} plan={plan} />
                             <AnswersReview draft={draft} problems={problems}
                                            onEditStep={step => go({ page: "deploy", step, resume: job })} />
                         </div>
                     )} />
    );
}
