// SPDX-License-Identifier: Apache-2.0
// Uploads go on while other pages are shown; one that breaks off is tried again by itself, and by hand after that.
import { useSyncExternalStore } from "react";

import type { RhvError } from "../generated/wire";
import { _ } from "../i18n";
import { localError } from "../rpc/channel";
import type { Call } from "../rpc/client";
import { asError } from "../rpc/topics";
import { Transfer, type Outcome, type Progress } from "./transfer";

export interface Upload {
    readonly id: number;
    readonly pool: string;
    readonly name: string;
    readonly size: number;
    readonly state: "running" | "waiting" | "done" | "failed" | "cancelled";
    readonly progress: Progress;
    /** Bytes a second over the last seconds; null before it is known. */
    readonly rate: number | null;
    readonly error: RhvError | null;
}

/** Seconds until an upload that broke off is tried again. */
const AGAIN_S: readonly number[] = [1, 2, 4, 8, 15, 15, 15, 15];
const RATE_S = 5;

interface Job { file: File; call: Call; transfer: Transfer | null; marks: { at: number; done: number }[] }

function ended(outcome: Exclude<Outcome, { end: "broken" }>, size: number): Partial<Upload> {
    switch (outcome.end) {
    case "done": return { state: "done", progress: { phase: "finishing", done: size } };
    case "cancelled": return { state: "cancelled" };
    case "failed": return { state: "failed", error: outcome.error };
    case "unreadable":
        return { state: "failed", error: localError("upload.file", _("The browser cannot read the file any more."), outcome.reason).error };
    }
}

export class UploadStore {
    #uploads: readonly Upload[] = [];
    readonly #jobs = new Map<number, Job>();
    #next = 1;
    readonly #listeners = new Set<() => void>();

    readonly get = (): readonly Upload[] => this.#uploads;

    readonly subscribe = (listener: () => void): () => void => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
    };

    /** Rejects when the host refuses it; then nothing has begun. */
    async start(call: Call, pool: string, name: string, file: File): Promise<void> {
        const { ticket } = await call("storage.upload_begin", { pool, name, size_bytes: file.size });
        const id = this.#next++;
        this.#jobs.set(id, { file, call, transfer: null, marks: [] });
        this.#set([...this.#uploads, {
            id, pool, name, size: file.size, state: "running", progress: { phase: "checking", done: 0 }, rate: null, error: null,
        }]);
        void this.#run(id, ticket);
    }

    cancel(id: number): void {
        const job = this.#jobs.get(id);
        if (job?.transfer)
            job.transfer.cancel();
        else
            this.#change(id, { state: "cancelled" });
    }

    /** Once more, where it was: the host still has what arrived. */
    async again(id: number): Promise<void> {
        const job = this.#jobs.get(id), upload = this.#uploads.find(one => one.id === id);
        if (!job || upload?.state !== "failed")
            return;
        this.#change(id, { state: "running", error: null });
        try {
            const { ticket } = await job.call("storage.upload_begin", { pool: upload.pool, name: upload.name, size_bytes: upload.size });
            await this.#run(id, ticket);
        } catch (reason) {
            this.#change(id, { state: "failed", error: asError(reason).error });
        }
    }

    dismiss(id: number): void {
        this.#jobs.delete(id);
        this.#set(this.#uploads.filter(one => one.id !== id));
    }

    async #run(id: number, ticket: string): Promise<void> {
        const job = this.#jobs.get(id);
        if (!job)
            return;
        let failures = 0;
        for (;;) {
            const seen = { moved: false };
            job.marks = [];
            job.transfer = new Transfer(job.file, progress => {
                seen.moved ||= progress.phase === "sending" && job.marks.length > 1;
                this.#moved(id, job, progress);
            });
            this.#change(id, { state: "running" });
            const outcome = await job.transfer.run(ticket);
            job.transfer = null;
            // The host may not have noticed yet that the last connection is gone.
            const busy = outcome.end === "failed" && outcome.error.code === "upload.busy" && failures > 0;
            if (outcome.end !== "broken" && !busy) {
                this.#change(id, ended(outcome, job.file.size));
                return;
            }
            failures = seen.moved ? 1 : failures + 1;
            const wait = AGAIN_S[failures - 1];
            if (wait === undefined || (outcome.end === "broken" && outcome.problem === "access-denied")) {
                const detail = outcome.end === "broken" ? outcome.problem : "upload.busy";
                this.#change(id, { state: "failed", error: localError("upload.broken", _("The connection to the host broke off."), detail).error });
                return;
            }
            this.#change(id, { state: "waiting", rate: null });
            await new Promise(resolve => setTimeout(resolve, wait * 1000));
            if (this.#uploads.find(one => one.id === id)?.state !== "waiting")
                return; // it was cancelled meanwhile
        }
    }

    #moved(id: number, job: Job, progress: Progress): void {
        const at = performance.now() / 1000;
        if (progress.phase === "sending") {
            job.marks.push({ at, done: progress.done });
            while (job.marks.length > 2 && at - (job.marks[0]?.at ?? at) > RATE_S)
                job.marks.shift();
        }
        const first = job.marks[0];
        const span = first ? at - first.at : 0;
        this.#change(id, { progress, rate: first && span > 0.5 ? (progress.done - first.done) / span : null });
    }

    #change(id: number, change: Partial<Upload>): void {
        this.#set(this.#uploads.map(one => (one.id === id ? { ...one, ...change } : one)));
    }

    #set(uploads: readonly Upload[]): void {
        this.#uploads = uploads;
        for (const listener of this.#listeners)
            listener();
    }
}

export const uploadStore = new UploadStore();

export function useUploads(pool: string): readonly Upload[] {
    return useSyncExternalStore(uploadStore.subscribe, uploadStore.get).filter(one => one.pool === pool);
}
