// SPDX-License-Identifier: Apache-2.0
// The unsent form, above the pages: it outlives the wizard, the helper and a change of privileges.
import { createContext, useContext, useEffect, useMemo, useState, type Dispatch, type ReactNode, type SetStateAction } from "react";

import type { RhvError } from "../generated/wire";
import { draftFrom, type Draft } from "../form/draft";
import { useConnection, useSession } from "../rpc/hooks";
import { asError } from "../rpc/topics";

interface DraftContextValue {
    draft: Draft | null;
    /** Why there is no form. */
    error: RhvError | null;
    update: (change: (draft: Draft) => Draft) => void;
    discard: () => void;
    /** The form is read once a page asks for it. */
    request: () => void;
}

const DraftContext = createContext<DraftContextValue | null>(null);

export function DraftProvider({ children }: { children: ReactNode }) {
    const [draft, setDraft] = useState<Draft | null>(null);
    const [error, setError] = useState<RhvError | null>(null);
    const [wanted, setWanted] = useState(false);
    useForm(wanted, setDraft, setError);

    const value = useMemo<DraftContextValue>(() => ({
        draft,
        error,
        update: change => setDraft(old => old && change(old)),
        discard: () => setDraft(old => old && draftFrom(old.form, null)),
        request: () => setWanted(true),
    }), [draft, error]);
    return <DraftContext.Provider value={value}>{children}</DraftContext.Provider>;
}

/** Reads the form anew with each helper: with more privileges it may detect more. */
function useForm(
    wanted: boolean, setDraft: Dispatch<SetStateAction<Draft | null>>, setError: (error: RhvError | null) => void,
): void {
    const { call } = useSession();
    const connection = useConnection();
    const hello = connection.state === "connected" ? connection.hello : null;
    useEffect(() => {
        if (!hello || !wanted)
            return;
        let current = true;
        call("deploy.form", {}).then(form => {
            if (!current)
                return;
            setDraft(old => draftFrom(form, old));
            setError(null);
        }).catch((reason: unknown) => {
            if (current)
                setError(asError(reason).error);
        });
        return () => {
            current = false;
        };
    }, [wanted, hello, call, setDraft, setError]);
}

export function useDraft(): DraftContextValue {
    const value = useContext(DraftContext);
    if (!value)
        throw new Error("useDraft outside of DraftProvider");
    const { request } = value;
    useEffect(request, [request]);
    return value;
}
