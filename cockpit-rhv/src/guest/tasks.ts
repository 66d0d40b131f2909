// SPDX-License-Identifier: Apache-2.0
// What takes long with a guest: going on while other pages are shown, and told about when it is over.
import { useSyncExternalStore } from "react";

import type { RhvError } from "../generated/wire";
import { asError } from "../rpc/topics";

export interface Task {
    readonly id: number;
    readonly uuid: string;
    readonly title: string;
    /** performance.now() */
    readonly since: number;
    /** null: it goes on. */
    readonly error: RhvError | null;
}

export class TaskStore {
    #tasks: readonly Task[] = [];
    #next = 1;
    readonly #listeners = new Set<() => void>();

    readonly get = (): readonly Task[] => this.#tasks;

    readonly subscribe = (listener: () => void): () => void => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
    };

    /** Never rejects; what went well shows in the guest itself. */
    async start(uuid: string, title: string, work: Promise<unknown>): Promise<void> {
        const id = this.#next++;
        this.#set([...this.#tasks, { id, uuid, title, since: performance.now(), error: null }]);
        try {
            await work;
            this.dismiss(id);
        } catch (reason) {
            this.#set(this.#tasks.map(task => (task.id === id ? { ...task, error: asError(reason).error } : task)));
        }
    }

    dismiss(id: number): void {
        this.#set(this.#tasks.filter(task => task.id !== id));
    }

    #set(tasks: readonly Task[]): void {
        this.#tasks = tasks;
        for (const listener of this.#listeners)
            listener();
    }
}

export const taskStore = new TaskStore();

export function useTasks(uuid: string): readonly Task[] {
    return useSyncExternalStore(taskStore.subscribe, taskStore.get).filter(task => task.uuid === uuid);
}
