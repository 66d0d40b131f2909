// SPDX-License-Identifier: Apache-2.0
// A test of a storage: what was asked, what came of it, and whether that still is about what stands in the form.
import { useCallback, useEffect, useRef, useState } from "react";

import type { RhvError, StorageReport, StorageTestParams } from "../generated/wire";
import { useCall } from "../rpc/hooks";
import { asError } from "../rpc/topics";

export type Trial =
    | { state: "none" }
    | { state: "running"; of: string }
    | { state: "done"; of: string; report: StorageReport }
    | { state: "failed"; of: string; error: RhvError };

export interface StorageTrial {
    trial: Trial;
    run: (params: StorageTestParams) => void;
    cancel: () => void;
}

/** What a test is about; the results of another question are stale. */
export const question = (params: StorageTestParams) => JSON.stringify(params);

/** Tests of storage, one after the other; one that runs is cancelled when the page that asked is left. */
export function useStorageTrial(): StorageTrial {
    const call = useCall();
    const [trial, setTrial] = useState<Trial>({ state: "none" });
    const running = useRef(false);

    const cancel = useCallback(() => {
        // The answer to the test itself says how it ended, and that the connection is gone.
        void call("storage.cancel", {}).catch(() => undefined);
    }, [call]);
    const run = useCallback((params: StorageTestParams) => {
        const of = question(params);
        running.current = true;
        setTrial({ state: "running", of });
        call("storage.test", params).then(
            report => setTrial({ state: "done", of, report }),
            (reason: unknown) => setTrial({ state: "failed", of, error: asError(reason).error }),
        ).finally(() => {
            running.current = false;
        });
    }, [call]);
    useEffect(() => () => {
        if (running.current)
            cancel();
    }, [cancel]);

    return { trial, run, cancel };
}

/** Whether the results are about these parameters. */
export function isAbout(trial: Trial, params: StorageTestParams): boolean {
    return trial.state !== "none" && trial.of === question(params);
}
