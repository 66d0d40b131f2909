// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import type { Remedy, RhvError } from "../../generated/wire";
import { useCall } from "../../rpc/hooks";
import type { Live } from "../../rpc/merge";
import { asError } from "../../rpc/topics";

const key = (of: string) => `rhv-remedy:${of}`;

export interface RemedyRun {
    /** The job that runs, or ran; null: not started. */
    job: string | null;
    starting: boolean;
    error: RhvError | null;
    start: () => void;
    forget: () => void;
}

/** A remedy that was started stays known to this tab: whoever reads its log comes back to where it was asked for. */
export function useRemedy(of: string, remedy: Remedy | Live<Remedy>): RemedyRun {
    const call = useCall();
    const [job, setJob] = useState<string | null>(() => sessionStorage.getItem(key(of)));
    const [starting, setStarting] = useState(false);
    const [error, setError] = useState<RhvError | null>(null);

    const forget = () => {
        sessionStorage.removeItem(key(of));
        setJob(null);
    };
    const start = () => {
        setStarting(true);
        setError(null);
        call("tasks.start", { task: remedy.task, params: remedy.params }).then(result => {
            sessionStorage.setItem(key(of), result.job);
            setJob(result.job);
        }).catch((reason: unknown) => setError(asError(reason).error)).finally(() => setStarting(false));
    };
    return { job, starting, error, start, forget };
}
