// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";

import type { Methods, RhvError } from "../generated/wire";
import { useCall } from "../rpc/hooks";
import { asError } from "../rpc/topics";

/** What a method says once, when a dialog opens: the parameters of its first drawing count. */
export function useAnswer<M extends keyof Methods>(method: M, params: Methods[M]["params"]): { value: Methods[M]["result"] | null; error: RhvError | null } {
    const call = useCall();
    const [asked] = useState({ method, params });
    const [value, setValue] = useState<Methods[M]["result"] | null>(null);
    const [error, setError] = useState<RhvError | null>(null);
    useEffect(() => {
        let wanted = true;
        call(asked.method, asked.params).then(
            result => wanted && setValue(result),
            (reason: unknown) => wanted && setError(asError(reason).error),
        );
        return () => {
            wanted = false;
        };
    }, [call, asked]);
    return { value, error };
}
