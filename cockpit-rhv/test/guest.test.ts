// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import { parseRoute } from "../src/app/route";
import { sectionOf } from "../src/app/sections";
import { changes, problems } from "../src/guest/amounts";
import { KEPT, added, reading, type Reading } from "../src/guest/history";
import { below, nameProblem, suggestedName } from "../src/guest/snapshots";
import { TaskStore } from "../src/guest/tasks";
import { devices, type Snapshot } from "../src/guest/types";
import { systemWord } from "../src/guest/words";
import type { Guest } from "../src/guests/states";
import { localError } from "../src/rpc/channel";
import { TopicStore } from "../src/rpc/topics";

test("a guest's page keeps the list's address to go back to", () => {
    const route = parseRoute(["guests", "u-1"], { search: "web", sort: "-cpu" });
    assert.deepEqual(route, { page: "guest", uuid: "u-1", query: { search: "web", sort: "-cpu" } });
    assert.equal(sectionOf(route), "guests");
    assert.deepEqual(parseRoute(["guests"], {}), { page: "guests", query: {} });
});

test("numbers are looked at before anything is sent", () => {
    const typed = { now: "2", next: "4", most: "8" };
    const limits = { now: 4, most: 288 };
    assert.deepEqual(problems(typed, limits), {});
    for (const wrong of ["", "0", "-1", "1.5", "two", "999999999", "0x10"])
        assert.deepEqual(Object.keys(problems({ ...typed, now: wrong }, limits)), ["now"], wrong);
    assert.deepEqual(Object.keys(problems({ ...typed, now: "5" }, limits)), ["now"]);
    assert.deepEqual(Object.keys(problems({ ...typed, next: "9" }, limits)), ["next"]);
    assert.deepEqual(Object.keys(problems({ ...typed, most: "289" }, limits)), ["most"]);
    assert.deepEqual(problems({ ...typed, most: "289" }, { ...limits, most: null }), {});
    assert.deepEqual(problems({ now: null, next: "4", most: "8" }, { now: 0, most: null }), {});
});

test("only what was changed is sent", () => {
    const before = { now: "2", next: "4", most: null };
    assert.deepEqual(changes(before, { now: "2", next: " 5", most: null }), { next: 5 });
    assert.deepEqual(changes(before, before), {});
    assert.deepEqual(changes(before, { now: "02", next: "4", most: null }), {});
});

test("a graph keeps the newest readings, and knows what it does not know", () => {
    let readings: readonly Reading[] = [];
    const guest = { cpu_percent: 7 } as Guest;
    for (let at = 0; at < KEPT + 5; at++)
        readings = added(readings, reading(guest, at));
    assert.equal(readings.length, KEPT);
    assert.equal(readings[0]?.at, 5);
    assert.deepEqual([readings[0].cpu, readings[0].memory], [7, null]);
});

test("devices of both definitions, each once", () => {
    const found = devices([{ key: "a", at: 1 }, { key: "b", at: 1 }], [{ key: "c", at: 2 }, { key: "b", at: 2 }]);
    assert.deepEqual(found, [
        { key: "a", live: { key: "a", at: 1 } },
        { key: "b", live: { key: "b", at: 1 }, stored: { key: "b", at: 2 } },
        { key: "c", stored: { key: "c", at: 2 } },
    ]);
    assert.deepEqual(devices(undefined, undefined), []);
});

function snapshot(name: string, parent?: string): Snapshot {
    return { name, parent, description: "", created_s: 0, state: "shutoff", memory: false, external: false, current: false, depth: 0 };
}

test("what is deleted together with a snapshot", () => {
    const all = [snapshot("a"), snapshot("b", "a"), snapshot("c", "b"), snapshot("d", "a"), snapshot("e")];
    assert.deepEqual(below("a", all).map(({ name }) => name), ["b", "c", "d"]);
    assert.deepEqual(below("c", all), []);
    assert.equal(nameProblem("new", all), null);
    for (const name of ["", " ", "a", "x/y", ".hidden"])
        assert.notEqual(nameProblem(name, all), null, name);
    assert.equal(suggestedName(new Date(2026, 2, 4, 5, 6, 7)), "2026-03-04 05.06.07");
    assert.equal(nameProblem(suggestedName(new Date()), all), null);
});

test("what takes long is told of until it is over, and a failure until it is dismissed", async () => {
    const store = new TaskStore();
    let finish: () => void = () => undefined;
    const done = store.start("u", "first", new Promise<void>(resolve => {
        finish = resolve;
    }));
    assert.deepEqual(store.get().map(({ title, error }) => [title, error]), [["first", null]]);
    finish();
    await done;
    assert.deepEqual(store.get(), []);
    await store.start("u", "second", Promise.reject(localError("x.y", "It failed.")));
    assert.equal(store.get()[0]?.error?.code, "x.y");
    store.dismiss(store.get()[0]?.id ?? 0);
    assert.deepEqual(store.get(), []);
});

test("a topic that failed is read anew when the helper says that it goes on", async () => {
    const store = new TopicStore();
    let asked = 0;
    store.connect({
        subscribe: topic => {
            asked += 1;
            return Promise.resolve({ topic, revision: 1, snapshot: { asked } });
        },
        unsubscribe: () => Promise.resolve({}),
    });
    store.watch("machine/u", () => undefined);
    await Promise.resolve();
    store.failed("machine/u", localError("x.y", "It failed.").error);
    assert.equal(store.get("machine/u").state, "error");
    store.patched({ topic: "machine/u", revision: 2, patch: {} });
    await Promise.resolve();
    await Promise.resolve();
    assert.equal(store.get("machine/u").state, "ready");
    assert.equal(asked, 2);
});

test("an operating system is told by the end of its name", () => {
    assert.equal(systemWord("http://debian.org/debian/13"), "debian 13");
    assert.equal(systemWord("odd"), "odd");
});
