// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import { pendingJobs, toldJobs, type GuestJob } from "../src/guests/atWork";

const NOW = 1_790_000_000;

function job(id: string, phase: string, state: GuestJob["state"], more: Partial<GuestJob> = {}): GuestJob {
    const title = { id: "x", text: "x" };
    const phases: GuestJob["phases"] = [{ id: phase, title, state: "running", started_s: undefined, elapsed_s: undefined, expected_s: 60, unsure_s: 30 }];
    return {
        id, kind: "task", title, state, user: "ann", created_s: NOW - 60, elapsed_s: 5, expected_s: 60, phases, attempt: 1,
        resumable: false, unit: "", version: "", guests: ["a"], profile: undefined, started_s: NOW - 60, phase: undefined, task: undefined,
        progress: undefined, error: undefined, ended_s: state === "running" ? undefined : NOW - 30, ...more,
    };
}

function byId(...jobs: GuestJob[]): Record<string, GuestJob> {
    return Object.fromEntries(jobs.map(one => [one.id, one]));
}

test("jobs of a guest are told while they run and for an hour afterwards", () => {
    const jobs = byId(
        job("1", "snapshot-guest", "running", { created_s: NOW - 90 }),
        job("2", "snapshot-guest", "failed"),
        job("3", "shut-down-guests", "succeeded", { ended_s: NOW - 4000 }),
        job("4", "shut-down-guests", "running", { guests: ["b", "c"], created_s: NOW - 10 }),
        job("5", "create-guest", "running"),
    );
    const ids = (uuid: string | null, gone: string[] = []) => toldJobs(jobs, uuid, new Set(gone), NOW).map(({ id }) => id);
    assert.deepEqual(ids("a"), ["2", "1"]);
    assert.deepEqual(ids(null), ["4", "2", "1"]);
    assert.deepEqual(ids("a", ["2/1"]), ["1"]);
    assert.deepEqual(ids("a", ["1/1"]), ["2", "1"], "what runs cannot be dismissed");
});

test("who is off has shut down, though others of the job still run", () => {
    const jobs = byId(
        job("1", "shut-down-guests", "running", { guests: ["a", "b"] }),
        job("2", "snapshot-guest", "running", { guests: ["c"] }),
        job("3", "shut-down-guests", "cancelled", { guests: ["d"] }),
    );
    assert.deepEqual([...pendingJobs(jobs, uuid => uuid === "a")], [["a", "shutdown"], ["c", "snapshot"]]);
});
