// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import { filterRows, logRows, type Event } from "../src/engine/job/events";
import { estimateProgress, steadyRemaining } from "../src/engine/job/progress";
import type { JobStatus, PhaseStatus } from "../src/generated/wire";
import type { Live } from "../src/rpc/merge";

const phase = (
    id: string, state: PhaseStatus["state"], expected_s: number, elapsed_s?: number, unsure_s = 0,
): Live<PhaseStatus> => ({ id, title: { id, text: id, params: {} }, state, started_s: undefined, elapsed_s, expected_s, unsure_s });

function status(phases: Live<PhaseStatus>[], progress?: Live<NonNullable<JobStatus["progress"]>>): Live<JobStatus> {
    return {
        id: "j", kind: "deploy", profile: "p", title: { id: "t", text: "t", params: {} }, state: "running", user: "u", created_s: 0,
        started_s: 0, ended_s: undefined, elapsed_s: 10, expected_s: 100, phases, phase: "b", task: undefined, progress,
        error: undefined, attempt: 1, resumable: false, unit: "u", version: "v",
    };
}

test("phases weigh what they are expected to take", () => {
    const job = status([phase("a", "done", 10, 3), phase("b", "running", 60, 30), phase("c", "pending", 30)]);
    assert.deepEqual(estimateProgress(job, 10), { ratio: 0.4, remaining_s: 60, unsure_s: 0, overdue: false });
});

test("the running phase goes on between two reports, and creeps when it overruns", () => {
    const job = status([phase("b", "running", 60, 30), phase("c", "pending", 40)]);
    assert.equal(estimateProgress(job, 20).remaining_s, 60);
    const late = estimateProgress(job, 500);
    assert.deepEqual(late, { ratio: 0.57, remaining_s: 40, unsure_s: 0, overdue: true });
});

test("bytes tell more than the clock", () => {
    const job = status([phase("b", "running", 10, 20), phase("c", "pending", 10)],
                       { done: 50, total: 100, unit: "bytes", message: undefined });
    assert.deepEqual(estimateProgress(job, 10), { ratio: 0.25, remaining_s: 30, unsure_s: 0, overdue: false });
});

test("what the unfinished phases may err by adds up as independent errors do", () => {
    const job = status([phase("a", "done", 10, 3, 100), phase("b", "running", 60, 30, 30), phase("c", "pending", 50, undefined, 40)]);
    assert.equal(estimateProgress(job, 10).unsure_s, 50);
});

test("a phase that does not say how unsure it is may err by half", () => {
    const silent = phase("c", "pending", 40);
    delete silent.unsure_s;
    assert.equal(estimateProgress(status([silent]), 10).unsure_s, 20);
});

test("what is copied already makes surer", () => {
    const job = status([phase("b", "running", 10, 20, 8)], { done: 75, total: 100, unit: "bytes", message: undefined });
    assert.equal(estimateProgress(job, 10).unsure_s, 2);
});

test("the remaining time grows by no more than it was said to be unsure", () => {
    const estimate = (remaining_s: number, unsure_s: number) => ({ ratio: 0, remaining_s, unsure_s, overdue: false });
    assert.equal(steadyRemaining(null, 0, estimate(90, 5)), 90);
    assert.equal(steadyRemaining(60, 1, estimate(59, 5)), 59);
    assert.equal(steadyRemaining(60, 1, estimate(40, 5)), 40);
    assert.equal(steadyRemaining(60, 10, estimate(200, 5)), 55);
    assert.equal(steadyRemaining(60, 10, estimate(52, 5)), 52);
    assert.equal(steadyRemaining(2, 30, estimate(9, 0)), 0);
});

const event = (seq: number, type: Event["type"], more: Partial<Event> = {}): Event => ({
    seq, time_s: 0, elapsed_s: seq, type, phase: "p", task: undefined, severity: "info",
    message: { id: "m", text: `text ${seq}`, params: {} }, outcome: undefined, duration_s: undefined, ...more,
});

test("a task's beginning gives way to its end; the last one still runs", () => {
    const rows = logRows(Object.fromEntries([
        event(10, "task_started", { task: "b" }), event(2, "phase_started"), event(1, "job_started"),
        event(3, "task_started", { task: "a" }), event(4, "task_ended", { task: "a" }), event(9, "phase_ended"),
        event(11, "phase_ended", { severity: "error" }),
    ].map(one => [String(one.seq), one])));
    assert.deepEqual(rows.map(row => row.seq), [1, 2, 4, 10, 11]);
});

test("filter by severity and by words", () => {
    const rows = [event(1, "log"), event(2, "log", { severity: "warning" }), event(3, "log", { severity: "error" })];
    const find = (atLeast: Event["severity"], needle: string) =>
        filterRows(rows, atLeast, needle, row => row.message.text).map(row => row.seq);
    assert.deepEqual(find("info", ""), [1, 2, 3]);
    assert.deepEqual(find("warning", ""), [2, 3]);
    assert.deepEqual(find("info", " TEXT 3 "), [3]);
    assert.deepEqual(find("error", "text 1"), []);
});
