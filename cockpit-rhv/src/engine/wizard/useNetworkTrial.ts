// SPDX-License-Identifier: Apache-2.0
import { useCallback, useState } from "react";

import { answersOf, type Draft } from "../../form/draft";
import type { CheckResult, DeployCheckNetworkParams, DeployCheckNetworkResult } from "../../generated/wire";
import { useCall, useConnection } from "../../rpc/hooks";
import { useHostAnswer, type HostAnswer } from "./useHostAnswer";

/** What a step has tried on the host. `idle`: nothing yet; `stale`: other answers than the current ones. */
export type Trial = { state: "idle" | "stale" } | HostAnswer<DeployCheckNetworkResult>;

/** What the wizard does about it when the step is to be left. `told`: there is something to read, and nothing in the way. */
export type Verdict = "untried" | "running" | "passed" | "told" | "refused";

export interface NetworkTrial {
    trial: Trial;
    verdict: Verdict;
    run: () => void;
    cancel: () => void;
}

const FINE: readonly CheckResult["severity"][] = ["ok", "not_applicable"];

export function verdictOf(trial: Trial): Verdict {
    switch (trial.state) {
    case "idle":
    case "stale": return "untried";
    case "running": return "running";
    // Not to know is no obstacle: the preflight asks again.
    case "failed": return "told";
    case "done": {
        const { errors, report } = trial.result;
        if (errors.length > 0 || report.results.some(({ severity }) => severity === "error"))
            return "refused";
        return report.results.every(({ severity }) => FINE.includes(severity)) ? "passed" : "told";
    }
    }
}

/** What is asked: other steps' answers do not belong to it, so that changing them leaves its answer as it is. */
export function networkQuestion(draft: Draft, job: string | null): DeployCheckNetworkParams {
    const { version, profile, engine, network } = answersOf(draft);
    const { name, fqdn } = (engine ?? {}) as { name?: unknown; fqdn?: unknown };
    return { profile: draft.form.profile, answers: { version, profile, engine: { name, fqdn }, network }, ...(job !== null && { job }) };
}

/**
 * The engine's fixed address, tried on the host and its wire; null where DHCP gives it one.
 * `job`: the deployment that gets other answers.
 */
export function useNetworkTrial(draft: Draft, job: string | null): NetworkTrial | null {
    const call = useCall();
    const connected = useConnection().state === "connected";
    const [begun, setBegun] = useState<string | null>(null);
    const ask = useCallback(
        (asked: string) => call("deploy.check_network", JSON.parse(asked) as DeployCheckNetworkParams), [call]);
    const question = JSON.stringify(networkQuestion(draft, job));
    const active = begun === question;
    const { answer, again } = useHostAnswer(question, active, ask);
    if (draft.raw["network.mode"] !== "static")
        return null;

    const trial: Trial = active ? answer : { state: begun === null ? "idle" : "stale" };
    return {
        trial,
        // Without a host there is nothing to wait for; the page says that there is none.
        verdict: connected ? verdictOf(trial) : "told",
        run: () => {
            setBegun(question);
            again();
        },
        cancel: () => setBegun(null),
    };
}
