// SPDX-License-Identifier: Apache-2.0
import { useCallback, useEffect, useMemo, useState } from "react";

import { answersOf, type Draft } from "../../form/draft";
import type { DeployPreflightResult, RhvError } from "../../generated/wire";
import { useCall, useConnection } from "../../rpc/hooks";
import { asError } from "../../rpc/topics";

export type Preflight =
    | { state: "running" }
    | { state: "done"; result: DeployPreflightResult }
    | { state: "failed"; error: RhvError };

const RUNNING: Preflight = { state: "running" };

/** Runs the preflight checks whenever `active` answers change, or a helper with other privileges appears. */
export function usePreflight(draft: Draft, active: boolean): { preflight: Preflight; again: () => void } {
    const call = useCall();
    const connection = useConnection();
    const hello = connection.state === "connected" ? connection.hello : null;
    const [turn, setTurn] = useState(0);
    const again = useCallback(() => setTurn(old => old + 1), []);
    const answers = JSON.stringify(answersOf(draft));
    const { profile } = draft.form;
    // What a report is about; the report of another question is none.
    const question = useMemo(() => ({ hello, profile, answers, turn }), [hello, profile, answers, turn]);
    const [report, setReport] = useState<{ question: object; preflight: Preflight } | null>(null);

    useEffect(() => {
        if (!active || !question.hello)
            return;
        let current = true;
        const set = (preflight: Preflight) => {
            if (current)
                setReport({ question, preflight });
        };
        call("deploy.preflight", {
            profile: question.profile, answers: JSON.parse(question.answers) as Record<string, unknown>,
        }).then(
            result => set({ state: "done", result }),
            (reason: unknown) => set({ state: "failed", error: asError(reason).error }));
        return () => {
            current = false;
        };
    }, [active, call, question]);

    return { preflight: report?.question === question ? report.preflight : RUNNING, again };
}
