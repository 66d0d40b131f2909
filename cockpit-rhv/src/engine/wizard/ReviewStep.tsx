// SPDX-License-Identifier: Apache-2.0
import { go } from "../../app/route";
import { ErrorAlert } from "../../common/ErrorAlert";
import type { Draft } from "../../form/draft";
import type { RhvError } from "../../generated/wire";
import { _ } from "../../i18n";
import { Title } from "../../pf";
import { LimitedAccess } from "../../common/LimitedAccess";
import { AnswersReview } from "./AnswersReview";
import { PreflightReport } from "./PreflightReport";
import type { Preflight } from "./usePreflight";

interface ReviewStepProps {
    draft: Draft;
    problems: ReadonlyMap<string, string>;
    preflight: Preflight;
    again: () => void;
    /** Why the last attempt to start was refused. */
    refused: RhvError | null;
}

export function ReviewStep({ draft, problems, preflight, again, refused }: ReviewStepProps) {
    return (
        <div className="rhv-review" data-step="review">
            <div>
                <Title headingLevel="h2" size="xl" id="review-title">{_("Review")}</Title>
                <p className="rhv-muted">{_("Nothing has been changed on this host yet.")}</p>
            </div>
            {refused && <ErrorAlert error={refused} title={_("The deployment was not started")} />}
            <LimitedAccess>{_("Starting the deployment needs administrative access. What you have entered stays.")}</LimitedAccess>
            <PreflightReport preflight={preflight} again={again} />
            <AnswersReview draft={draft} problems={problems} onEditStep={step => go({ page: "deploy", step })} />
        </div>
    );
}
