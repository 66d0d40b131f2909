// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import type { RhvError } from "../generated/wire";
import { asError } from "../rpc/topics";

/** What a dialog's button does: the dialog closes when it succeeds, and stays with the error when it fails. */
export function useAction(action: () => Promise<unknown>, onClose: () => void): { busy: boolean; error: RhvError | null; run: () => void } {
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<RhvError | null>(null);
    const run = () => {
        setBusy(true);
        setError(null);
        action().then(onClose, (reason: unknown) => {
            setError(asError(reason).error);
            setBusy(false);
        });
    };
    return { busy, error, run };
}
