// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";

import { answersOf, type Draft } from "../../form/draft";
import type { FieldError } from "../../generated/wire";
import { text } from "../../i18n";
import { useCall, useConnection } from "../../rpc/hooks";

const DEBOUNCE_MS = 400;

/** What the host objects to in the current answers; empty while nobody has been asked. */
export function useServerProblems(draft: Draft | null): ReadonlyMap<string, string> {
    const call = useCall();
    const connected = useConnection().state === "connected";
    const [answer, setAnswer] = useState<{ key: string; errors: FieldError[] }>({ key: "", errors: [] });
    const key = draft ? JSON.stringify(answersOf(draft)) : "";
    const profile = draft?.form.profile ?? "";

    useEffect(() => {
        if (key === "" || !connected)
            return;
        let current = true;
        const timer = setTimeout(() => {
            const answers = JSON.parse(key) as Record<string, unknown>;
            call("deploy.validate", { profile, answers })
                .then(({ errors }) => current && setAnswer({ key, errors }))
                // The page's own checks stand; the preflight asks again.
                .catch(() => undefined);
        }, DEBOUNCE_MS);
        return () => {
            current = false;
            clearTimeout(timer);
        };
    }, [call, connected, key, profile]);

    // Objections to other answers than the current ones would be wrong.
    return new Map(answer.key === key ? answer.errors.map(({ path, error }) => [path, text(error.message)]) : []);
}
