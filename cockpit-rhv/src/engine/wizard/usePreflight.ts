// SPDX-License-Identifier: Apache-2.0
import { useCallback } from "react";

import { answersOf, type Draft } from "../../form/draft";
import type { DeployPreflightParams, DeployPreflightResult } from "../../generated/wire";
import { useCall } from "../../rpc/hooks";
import { useHostAnswer, type HostAnswer } from "./useHostAnswer";

export type Preflight = HostAnswer<DeployPreflightResult>;

/** The preflight checks of the current answers. */
export function usePreflight(draft: Draft, active: boolean): { preflight: Preflight; again: () => void } {
    const call = useCall();
    const ask = useCallback((question: string) => call("deploy.preflight", JSON.parse(question) as DeployPreflightParams), [call]);
    const question: DeployPreflightParams = { profile: draft.form.profile, answers: answersOf(draft) };
    const { answer, again } = useHostAnswer(JSON.stringify(question), active, ask);
    return { preflight: answer, again };
}
