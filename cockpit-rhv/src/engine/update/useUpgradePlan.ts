// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";

import type { RhvError, UpgradePlan } from "../../generated/wire";
import { useCall } from "../../rpc/hooks";
import { asError } from "../../rpc/topics";

interface Known {
    plan: UpgradePlan | null;
    error: RhvError | null;
}

/** What an update would do, asked anew whenever `reason` changes: no topic tells of an image that was installed. */
export function useUpgradePlan(reason: string): Known {
    const call = useCall();
    const [known, setKnown] = useState<Known>({ plan: null, error: null });
    useEffect(() => {
        let current = true;
        const learn = (next: Known) => {
            if (current)
                setKnown(next);
        };
        call("engine.upgrade_plan", {}).then(
            plan => learn({ plan, error: null }),
            (reason: unknown) => learn({ plan: null, error: asError(reason).error }),
        );
        return () => {
            current = false;
        };
    }, [call, reason]);
    return known;
}
