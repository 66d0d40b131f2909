// SPDX-License-Identifier: Apache-2.0
// The unsent forms, above the pages: they outlive the wizard, the helper and a change of privileges.
import { createContext, useCallback, useContext, useEffect, useMemo, useState, type ReactNode } from "react";

import type { RhvError } from "../generated/wire";
import { begunDraft, draftFrom, type Draft } from "../form/draft";
import type { Call } from "../rpc/client";
import { useConnection, useSession } from "../rpc/hooks";
import { asError } from "../rpc/topics";

/** A new deployment, or other answers for the one that a job has begun. */
const NEW = "";

interface Entry {
    draft: Draft | null;
    /** Why there is no form. */
    error: RhvError | null;
}

interface Drafts {
    entries: Readonly<Record<string, Entry>>;
    change: (key: string, change: (entry: Entry) => Entry) => void;
    /** A form is read once a page asks for it. */
    request: (key: string) => void;
    /** Reads the form anew: the host has changed. */
    reread: (key: string) => void;
}

const DraftContext = createContext<Drafts | null>(null);
const NOTHING: Entry = { draft: null, error: null };

/** Reads what a draft is made of; returns how to make it over what has been typed already. */
async function read(call: Call, key: string): Promise<(old: Draft | null) => Draft> {
    if (key === NEW) {
        const form = await call("deploy.form", {});
        return old => draftFrom(form, old);
    }
    const { profile, answers } = await call("deploy.answers", { job: key });
    const form = await call("deploy.form", { profile });
    return old => begunDraft(form, answers, old);
}

export function DraftProvider({ children }: { children: ReactNode }) {
    const [entries, setEntries] = useState<Readonly<Record<string, Entry>>>({});
    const [wanted, setWanted] = useState<readonly string[]>([]);
    const change = useCallback((key: string, changed: (entry: Entry) => Entry) =>
        setEntries(old => ({ ...old, [key]: changed(old[key] ?? NOTHING) })), []);
    const [turns, setTurns] = useState<Readonly<Record<string, number>>>({});
    const reread = useCallback((key: string) => setTurns(old => ({ ...old, [key]: (old[key] ?? 0) + 1 })), []);
    const request = useCallback((key: string) => setWanted(old => (old.includes(key) ? old : [...old, key])), []);
    const value = useMemo(() => ({ entries, change, request, reread }), [entries, change, request, reread]);
    return (
        <DraftContext.Provider value={value}>
            {wanted.map(key => <Reader key={key} of={key} turn={turns[key] ?? 0} />)}
            {children}
        </DraftContext.Provider>
    );
}

function useDrafts(): Drafts {
    const value = useContext(DraftContext);
    if (!value)
        throw new Error("useDraft outside of DraftProvider");
    return value;
}

/** Reads a form anew with each helper: with more privileges it may detect more; and with each `turn`. */
function Reader({ of: key, turn }: { of: string; turn: number }) {
    const { change } = useDrafts();
    const { call } = useSession();
    const connection = useConnection();
    const hello = connection.state === "connected" ? connection.hello : null;
    useEffect(() => {
        if (!hello)
            return;
        let current = true;
        read(call, key).then(
            make => current && change(key, ({ draft }) => ({ draft: make(draft), error: null })),
            (reason: unknown) => current && change(key, ({ draft }) => ({ draft, error: asError(reason).error })));
        return () => {
            current = false;
        };
    }, [key, hello, call, change, turn]);
    return null;
}

export interface DraftHandle extends Entry {
    update: (change: (draft: Draft) => Draft) => void;
    discard: () => void;
    /** The choices are read from the host again; what was typed stays. */
    reread: () => void;
}

/** The draft of a new deployment; with a job, the one of other answers for it. */
export function useDraft(job: string | null = null): DraftHandle {
    const key = job ?? NEW;
    const { entries, change, request, reread } = useDrafts();
    useEffect(() => request(key), [request, key]);
    const update = useCallback((changed: (draft: Draft) => Draft) =>
        change(key, entry => ({ ...entry, draft: entry.draft && changed(entry.draft) })), [change, key]);
    const discard = useCallback(() => update(({ form, begun }) => (begun ? begunDraft(form, form.values, null) : draftFrom(form, null))),
                                [update]);
    return { ...entries[key] ?? NOTHING, update, discard, reread: useCallback(() => reread(key), [reread, key]) };
}
