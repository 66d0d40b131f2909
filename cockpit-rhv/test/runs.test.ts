// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import type { ActionResult, MachinesActParams, RhvError } from "../src/generated/wire";
import { RunStore, isOver, pendingActions } from "../src/guests/runs";
import type { Call } from "../src/rpc/client";

const BROKEN: RhvError = { code: "machine.qemu_failed", message: { id: "x", text: "Broken." }, hint: null, detail: null };

type Answer = (params: MachinesActParams) => Promise<ActionResult[]>;

/** A helper that answers as the test says, and what it was asked. */
function helper(answer: Answer) {
    const asked: MachinesActParams[] = [];
    const call = (async (_method: string, params: MachinesActParams) => {
        asked.push(params);
        return { results: await answer(params) };
    }) as unknown as Call;
    return { asked, call };
}

const fine: Answer = ({ uuids }) => Promise.resolve(uuids.map(uuid => ({ uuid, outcome: "done", error: null })));
const guests = (count: number) => new Map(Array.from({ length: count }, (_, index) => [`u${String(index)}`, `name ${String(index)}`]));

test("many guests are asked for in batches, and success leaves nothing to read", async () => {
    const store = new RunStore();
    const { asked, call } = helper(fine);
    const work = store.start(call, "start", guests(14));
    assert.deepEqual([...pendingActions(store.get()).values()], Array.from({ length: 14 }, () => "start"));
    await work;
    assert.deepEqual(asked.map(({ uuids }) => uuids.length), [6, 6, 2]);
    assert.deepEqual(asked.flatMap(({ uuids }) => uuids), [...guests(14).keys()]);
    assert.deepEqual(store.get(), []);
});

test("what failed stays until it is dismissed, each with its reason", async () => {
    const store = new RunStore();
    const { call } = helper(({ uuids }) => Promise.resolve(uuids.map(uuid =>
        (uuid === "u1" ? { uuid, outcome: "failed", error: BROKEN } : { uuid, outcome: "done", error: null }))));
    await store.start(call, "reset", guests(3));
    const [run] = store.get();
    assert.ok(run && isOver(run));
    assert.deepEqual([...run.done], ["u0", "u2"]);
    assert.deepEqual([...run.failed], [["u1", BROKEN]]);
    assert.equal(pendingActions(store.get()).size, 0);
    store.dismiss(run.id);
    assert.deepEqual(store.get(), []);
});

test("powering off later is a job's: nothing is left here unless it cannot be started", async () => {
    const store = new RunStore();
    const asked: unknown[] = [];
    const call = ((method: string, params: unknown) => {
        asked.push([method, params]);
        return Promise.resolve({ job: "j" });
    }) as unknown as Call;
    await store.shutDown(call, guests(9), 300);
    assert.deepEqual(asked, [["machines.shut_down", { uuids: [...guests(9).keys()], wait_s: 300 }]]);
    assert.deepEqual(store.get(), []);
    const gone: Call = () => Promise.reject(new Error("gone"));
    await store.shutDown(gone, guests(2), 300);
    assert.deepEqual([...store.get()[0]?.failed.keys() ?? []], ["u0", "u1"]);
});

test("a helper that is gone fails every guest that had no result", async () => {
    const store = new RunStore();
    let count = 0;
    const { call } = helper(params => (count++ === 0 ? fine(params) : Promise.reject(new Error("gone"))));
    await store.start(call, "pause", guests(8));
    const [run] = store.get();
    assert.ok(run && isOver(run));
    assert.deepEqual([...run.failed.keys()], ["u6", "u7"]);
});

test("the page hears of each batch", async () => {
    const store = new RunStore();
    const seen: number[] = [];
    const stop = store.subscribe(() => seen.push(store.get()[0]?.done.size ?? -1));
    await store.start(helper(fine).call, "start", guests(7));
    stop();
    assert.deepEqual(seen, [0, 1, 2, 3, 4, 5, 6, 7, -1]);
});
