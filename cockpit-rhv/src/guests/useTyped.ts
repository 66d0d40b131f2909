// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";

const PAUSE_MS = 150;

interface Draft {
    text: string;
    /** The value that stood before the text was typed, and the one that was told last. */
    base: string;
    told: string | null;
}

/**
 * A text that is typed at once and told after a pause. What is told comes back as `value`, later: until then the typed
 * text stays. A value that comes from elsewhere replaces it.
 */
export function useTyped(value: string, tell: (text: string) => void): [string, (text: string) => void] {
    const [draft, setDraft] = useState<Draft | null>(null);
    if (draft?.told === value && draft.base !== value)
        setDraft({ ...draft, base: value });
    const current = draft && (value === draft.base || value === draft.told) ? draft : null;
    const text = current?.text ?? value;

    useEffect(() => {
        if (!current || current.text === current.told || current.text === value)
            return;
        const timer = setTimeout(() => {
            setDraft({ ...current, told: current.text });
            tell(current.text);
        }, PAUSE_MS);
        return () => clearTimeout(timer);
    }, [current, value, tell]);

    return [text, next => setDraft({ text: next, base: value, told: current?.told ?? null })];
}
