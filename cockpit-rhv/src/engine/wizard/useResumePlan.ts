// SPDX-License-Identifier: Apache-2.0
import { useCallback } from "react";

import { answersOf, secretsOf, type Draft } from "../../form/draft";
import type { DeployResumePlanParams, ResumePlan } from "../../generated/wire";
import { useCall } from "../../rpc/hooks";
import { useHostAnswer, type HostAnswer } from "./useHostAnswer";

export type Plan = HostAnswer<ResumePlan>;

/** What resuming with the current answers would do. That a password is new is said; the password itself is not. */
export function useResumePlan(job: string, draft: Draft, active: boolean): Plan {
    const call = useCall();
    const ask = useCallback((question: string) => call("deploy.resume_plan", JSON.parse(question) as DeployResumePlanParams), [call]);
    const question: DeployResumePlanParams = {
        job, answers: answersOf(draft), new_password: Object.keys(secretsOf(draft)).length > 0,
    };
    return useHostAnswer(JSON.stringify(question), active, ask).answer;
}
