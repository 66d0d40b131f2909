// SPDX-License-Identifier: Apache-2.0
// One picture of the Manager, kept fresh while somebody looks: the Manager's stream of changes says what to read
// again; without it the page asks every five seconds; a hidden tab asks nothing.

import { ApiError, authorized, getJson } from "./api";
import { type Sample, History } from "./history";
import { type Json, list } from "./json";
import { type EngineEvent, type Guest, type Host, parseEvent, parseGuest, parseHost } from "./model";
import type { Session } from "./session";

const POLL_MS = 5000;
const STREAM_RETRY_MS = 30_000;
const MIN_GAP_MS = 1000;
const SILENCE_MS = 45_000;
const EVENTS_SHOWN = 500;

export type Topic = "hosts" | "vms" | "events";
const TOPICS: readonly Topic[] = ["hosts", "vms", "events"];

/** `null` data: never read; `error` with data: the data is of `at`, a newer reading failed. */
export interface Loaded<T> {
    data: readonly T[] | null;
    error: ApiError | null;
}

export interface Picture {
    hosts: Loaded<Host>;
    guests: Loaded<Guest>;
    events: Loaded<EngineEvent>;
    /** How the page learns of changes. */
    link: "stream" | "polling" | "lost";
    /** `Date.now()` of the newest good answer, to show. */
    at: number | null;
}

const PATHS: Record<Topic, string> = {
    hosts: "/hosts?follow=statistics",
    vms: "/vms?follow=statistics",
    // With `&from=<id>` only what is newer.
    events: `/events?max=${EVENTS_SHOWN}`,
};

const NOTHING: Loaded<never> = { data: null, error: null };

/** Lines of a server-sent event stream to the names of what changed. */
export function topicsIn(line: string): readonly Topic[] {
    if (!line.startsWith("data:")) return [];
    return TOPICS.filter(topic => line.includes(`"${topic}"`));
}

export class Live {
    private picture: Picture = { hosts: NOTHING, guests: NOTHING, events: NOTHING, link: "polling", at: null };
    private readonly listeners = new Set<() => void>();
    private readonly history = new History();
    private readonly busy = new Map<Topic, { again: boolean }>();
    private running: AbortController | null = null;
    /** Null: read all of them, as after a pause, when the Manager may be another than before. */
    private newestEvent: string | null = null;

    constructor(private readonly session: Session) {}

    get = (): Picture => this.picture;

    subscribe = (listener: () => void): (() => void) => {
        this.listeners.add(listener);
        return () => this.listeners.delete(listener);
    };

    samples(id: string): readonly Sample[] {
        return this.history.get(id);
    }

    /** Follows the tab's visibility until the returned function is called. */
    start(): () => void {
        const follow = (): void => {
            if (document.visibilityState === "visible") this.run();
            else this.pause();
        };
        document.addEventListener("visibilitychange", follow);
        follow();
        return () => {
            document.removeEventListener("visibilitychange", follow);
            this.pause();
        };
    }

    refresh(): void {
        const signal = this.running?.signal;
        if (signal) for (const topic of TOPICS) void this.read(topic, signal);
    }

    private run(): void {
        if (this.running) return;
        this.running = new AbortController();
        this.newestEvent = null;
        void this.keepFresh(this.running.signal);
    }

    private pause(): void {
        this.running?.abort();
        this.running = null;
        this.busy.clear();
    }

    private change(part: Partial<Picture>): void {
        this.picture = { ...this.picture, ...part };
        for (const listener of this.listeners) listener();
    }

    private async keepFresh(signal: AbortSignal): Promise<void> {
        let retryAt = 0;
        while (!signal.aborted) {
            if (performance.now() >= retryAt) {
                retryAt = performance.now() + STREAM_RETRY_MS;
                const streamed = await this.stream(signal);
                // A stream that worked and broke is taken up at once, one that never began is left alone for a while.
                if (streamed) retryAt = performance.now() + POLL_MS;
            }
            this.refresh();
            await pause(POLL_MS, signal);
        }
    }

    /** Reads the stream until it ends; false when there is none. */
    private async stream(signal: AbortSignal): Promise<boolean> {
        let began = false;
        try {
            const response = await authorized(this.session, "/services/changes", {
                headers: { Accept: "text/event-stream" }, signal,
            });
            if (!response.ok || !response.body) return false;
            began = true;
            this.refresh();
            this.change({ link: "stream" });
            for await (const line of linesOf(response.body)) for (const topic of topicsIn(line)) void this.read(topic, signal);
        } catch {
            // Whether the Manager is gone or only the stream is what the next reading tells.
        }
        if (!signal.aborted && this.picture.link === "stream") this.change({ link: "polling" });
        return began;
    }

    /** One reading of a topic at a time, at most one a second; changes meanwhile cause exactly one more. */
    private async read(topic: Topic, signal: AbortSignal): Promise<void> {
        const under = this.busy.get(topic);
        if (under) {
            under.again = true;
            return;
        }
        const mine = { again: true };
        this.busy.set(topic, mine);
        while (mine.again) {
            mine.again = false;
            const asked = performance.now();
            await this.ask(topic, signal);
            // A Manager that needs long for its answer is asked less often.
            await pause(Math.max(MIN_GAP_MS, 4 * (performance.now() - asked)), signal);
        }
        // After an abort the entry may be a successor's.
        if (this.busy.get(topic) === mine) this.busy.delete(topic);
    }

    private async ask(topic: Topic, signal: AbortSignal): Promise<void> {
        try {
            const after = topic === "events" && this.newestEvent !== null ? `&from=${this.newestEvent}` : "";
            const answer = await getJson(this.session, PATHS[topic] + after, signal);
            if (!signal.aborted) this.take(topic, answer, after !== "");
        } catch (error) {
            if (!signal.aborted) this.failed(topic, error instanceof ApiError ? error : new ApiError(0, String(error)));
        }
    }

    private take(topic: Topic, answer: Json, isMore: boolean): void {
        const now = performance.now();
        const known = { at: Date.now(), link: this.picture.link === "lost" ? "polling" as const : this.picture.link };
        if (topic === "events") {
            const found = list(answer, "event").map(parseEvent);
            const data = isMore ? [...found, ...this.picture.events.data ?? []].slice(0, EVENTS_SHOWN) : found;
            this.newestEvent = data[0]?.id ?? null;
            this.change({ ...known, events: { data, error: null } });
            return;
        }
        if (topic === "hosts") {
            const data = list(answer, "host").map(parseHost).sort(byName);
            for (const host of data) if (host.status === "up") this.history.add(host.id, host.load, now);
            this.change({ ...known, hosts: { data, error: null } });
        } else {
            const data = list(answer, "vm").map(parseGuest).sort((a, b) => Number(b.isEngine) - Number(a.isEngine) || byName(a, b));
            for (const guest of data) if (guest.status === "up") this.history.add(guest.id, guest.load, now);
            this.change({ ...known, guests: { data, error: null } });
        }
        const ids = [...this.picture.hosts.data ?? [], ...this.picture.guests.data ?? []].map(({ id }) => id);
        if (this.picture.hosts.data && this.picture.guests.data) this.history.keep(new Set(ids));
    }

    private failed(topic: Topic, error: ApiError): void {
        const link = error.status === 0 ? "lost" as const : this.picture.link;
        const { hosts, guests, events } = this.picture;
        if (topic === "hosts") this.change({ link, hosts: { ...hosts, error } });
        else if (topic === "vms") this.change({ link, guests: { ...guests, error } });
        else this.change({ link, events: { ...events, error } });
    }
}

/** The lines of a stream until it ends or says nothing for too long: a Manager that lost its power closes nothing. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
    const reader = body.getReader();
    const decoder = new TextDecoder();
    let rest = "";
    for (;;) {
        const silence = setTimeout(() => void reader.cancel(), SILENCE_MS);
        const { value, done } = await reader.read();
        clearTimeout(silence);
        if (done) return;
        const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
        rest = lines.pop() ?? "";
        yield* lines;
    }
}

function byName(a: { name: string }, b: { name: string }): number {
    return a.name.localeCompare(b.name, undefined, { numeric: true });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
        if (signal.aborted) {
            resolve();
            return;
        }
        const done = (): void => {
            clearTimeout(timer);
            signal.removeEventListener("abort", done);
            resolve();
        };
        const timer = setTimeout(done, ms);
        signal.addEventListener("abort", done);
    });
}
