// SPDX-License-Identifier: Apache-2.0
import { useCallback, useEffect, useMemo, useState } from "react";

import type { RhvError } from "../../generated/wire";
import { useConnection } from "../../rpc/hooks";
import { asError } from "../../rpc/topics";

export type HostAnswer<T> =
    | { state: "running" }
    | { state: "done"; result: T }
    | { state: "failed"; error: RhvError };

const RUNNING = { state: "running" } as const;

/**
 * Asks the host while `active`: once, and again whenever `question` changes or a helper with other privileges appears.
 * `ask`: a stable function of the question.
 */
export function useHostAnswer<T>(
    question: string, active: boolean, ask: (question: string) => Promise<T>,
): { answer: HostAnswer<T>; again: () => void } {
    const connection = useConnection();
    const hello = connection.state === "connected" ? connection.hello : null;
    const [turn, setTurn] = useState(0);
    const again = useCallback(() => setTurn(old => old + 1), []);
    // What an answer is about; the answer to another question is none.
    const asked = useMemo(() => ({ hello, question, turn }), [hello, question, turn]);
    const [known, setKnown] = useState<{ asked: object; answer: HostAnswer<T> } | null>(null);

    useEffect(() => {
        if (!active || !asked.hello)
            return;
        let current = true;
        const set = (answer: HostAnswer<T>) => {
            if (current)
                setKnown({ asked, answer });
        };
        ask(asked.question).then(
            result => set({ state: "done", result }),
            (reason: unknown) => set({ state: "failed", error: asError(reason).error }));
        return () => {
            current = false;
        };
    }, [active, ask, asked]);

    return { answer: known?.asked === asked ? known.answer : RUNNING, again };
}
