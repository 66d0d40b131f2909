// SPDX-License-Identifier: Apache-2.0
import type { RhvError } from "../generated/wire";
import { localError } from "../rpc/channel";

/** Cockpit leaves a request unanswered now and then; who waits longer than this is better off loading the page again. */
const LIMIT_MS = 20_000;

export type PartState<Part> =
    | { readonly state: "loading" }
    | { readonly state: "ready"; readonly part: Part }
    | { readonly state: "error"; readonly error: RhvError };

const LOADING = { state: "loading" } as const;

type Loaders<All> = { readonly [Name in keyof All]: () => Promise<All[Name]> };

/** What has been loaded; a part that failed is asked for again the next time that it is opened. */
export class PartStore<All extends object> {
    readonly #loaders: Loaders<All>;
    readonly #limitMs: number;
    readonly #states = new Map<keyof All, PartState<All[keyof All]>>();
    readonly #loading = new Map<keyof All, Promise<boolean>>();
    readonly #listeners = new Set<() => void>();

    constructor(loaders: Loaders<All>, limitMs = LIMIT_MS) {
        this.#loaders = loaders;
        this.#limitMs = limitMs;
    }

    get<Name extends keyof All>(name: Name): PartState<All[Name]> {
        return (this.#states.get(name) ?? LOADING) as PartState<All[Name]>;
    }

    subscribe = (listener: () => void): (() => void) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
    };

    /** Whether it is there in the end; one that comes after the limit is there all the same. */
    load(name: keyof All): Promise<boolean> {
        if (this.get(name).state === "ready")
            return Promise.resolve(true);
        const loading = this.#loading.get(name) ?? this.#load(name).finally(() => this.#loading.delete(name));
        this.#loading.set(name, loading);
        return loading;
    }

    async #load(name: keyof All): Promise<boolean> {
        this.#set(name, LOADING);
        let timer: ReturnType<typeof setTimeout> | undefined;
        const overdue = new Promise<never>((_resolve, reject) => {
            timer = setTimeout(() => reject(new Error("no answer")), this.#limitMs);
        });
        const coming = this.#loaders[name]().then(part => this.#set(name, { state: "ready", part }));
        try {
            await Promise.race([coming, overdue]);
            return true;
        } catch (reason) {
            if (this.get(name).state === "ready")
                return true; // an earlier attempt has come after all
            const { error } = localError("page.part", "This part of the page could not be loaded from the host.", String(reason));
            this.#set(name, { state: "error", error });
            return false;
        } finally {
            clearTimeout(timer);
        }
    }

    #set(name: keyof All, state: PartState<All[keyof All]>): void {
        this.#states.set(name, state);
        for (const listener of this.#listeners)
            listener();
    }
}
