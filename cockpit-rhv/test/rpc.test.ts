// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import type { SubscribeResult } from "../src/generated/wire";
import { lineSplitter, type RpcChannel } from "../src/rpc/channel";
import { caller } from "../src/rpc/client";
import { mergePatch } from "../src/rpc/merge";
import { TopicStore, type TopicLink } from "../src/rpc/topics";

test("RFC 7396, appendix A", () => {
    const cases: [unknown, unknown, unknown][] = [
        [{ a: "b" }, { a: "c" }, { a: "c" }],
        [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
        [{ a: "b" }, { a: null }, {}],
        [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
        [{ a: ["b"] }, { a: "c" }, { a: "c" }],
        [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
        [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
        [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
        [["a", "b"], ["c", "d"], ["c", "d"]],
        [{ a: "b" }, ["c"], ["c"]],
        [{ a: "foo" }, null, null],
        [{ e: null }, { a: 1 }, { e: null, a: 1 }],
        [[1, 2], { a: "b", c: null }, { a: "b" }],
        [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    ];
    for (const [target, patch, result] of cases)
        assert.deepEqual(mergePatch(target, patch), result);
});

test("what a patch does not touch is the same object", () => {
    const before = { a: { x: 1 }, b: { y: 1 } };
    const after = mergePatch(before, { b: { y: 2 } }) as typeof before;
    assert.equal(after.a, before.a);
    assert.equal(before.b.y, 1);
});

test("lines with arbitrary borders", () => {
    const lines: string[] = [];
    const split = lineSplitter(line => lines.push(line));
    ["{\"a\"", ":1}\n{\"b\":", "2}\n\n", "{\"c\":3}"].forEach(split);
    assert.deepEqual(lines, ["{\"a\":1}", "{\"b\":2}"]);
});

/** A link whose answers the test gives. */
function scripted() {
    const asked: { topic: string; answer: (revision: number, snapshot: object) => Promise<void> }[] = [];
    const left: string[] = [];
    const link: TopicLink = {
        subscribe: topic => new Promise<SubscribeResult>(resolve => {
            asked.push({
                topic,
                answer: async (revision, snapshot) => {
                    resolve({ topic, revision, snapshot: snapshot });
                    await new Promise(setImmediate);
                },
            });
        }),
        unsubscribe: topic => {
            left.push(topic);
            return Promise.resolve({});
        },
    };
    return { link, asked, left };
}

const value = (store: TopicStore) => {
    const topic = store.get("engine");
    return topic.state === "ready" ? topic.value as unknown : topic.state;
};

test("a snapshot, then patches in order; patches that overtake the snapshot wait for it", async () => {
    const store = new TopicStore();
    const { link, asked } = scripted();
    store.connect(link);
    const stop = store.watch("engine", () => undefined);
    assert.equal(value(store), "loading");
    store.patched({ topic: "engine", revision: 2, patch: { b: 2 } });
    await asked[0]?.answer(1, { a: 1 });
    assert.deepEqual(value(store), { a: 1, b: 2 });
    store.patched({ topic: "engine", revision: 3, patch: { a: null } });
    assert.deepEqual(value(store), { b: 2 });
    stop();
});

test("a gap in the revisions reads the topic anew and keeps the old value meanwhile", async () => {
    const store = new TopicStore();
    const { link, asked } = scripted();
    store.connect(link);
    store.watch("engine", () => undefined);
    await asked[0]?.answer(1, { a: 1 });
    store.patched({ topic: "engine", revision: 3, patch: { a: 3 } });
    assert.equal(asked.length, 2);
    assert.deepEqual(value(store), { a: 1 });
    await asked[1]?.answer(1, { a: 9 });
    assert.deepEqual(value(store), { a: 9 });
});

test("a lost connection keeps the last value; the next one asks again", async () => {
    const store = new TopicStore();
    const first = scripted();
    store.connect(first.link);
    store.watch("engine", () => undefined);
    await first.asked[0]?.answer(1, { a: 1 });
    store.disconnect();
    assert.deepEqual(value(store), { a: 1 });
    const second = scripted();
    store.connect(second.link);
    assert.deepEqual(second.asked.map(({ topic }) => topic), ["engine"]);
    await second.asked[0]?.answer(1, { a: 2 });
    assert.deepEqual(value(store), { a: 2 });
});

test("an answer of the connection before is not taken", async () => {
    const store = new TopicStore();
    const first = scripted();
    store.connect(first.link);
    store.watch("engine", () => undefined);
    const second = scripted();
    store.connect(second.link);
    await second.asked[0]?.answer(1, { a: "new" });
    await first.asked[0]?.answer(1, { a: "old" });
    assert.deepEqual(value(store), { a: "new" });
});

test("a topic nobody watches is let go after a while", { timeout: 5_000 }, async context => {
    context.mock.timers.enable({ apis: ["setTimeout"] });
    const store = new TopicStore();
    const { link, left } = scripted();
    store.connect(link);
    const stop = store.watch("engine", () => undefined);
    stop();
    const again = store.watch("engine", () => undefined);
    context.mock.timers.tick(10_000);
    assert.deepEqual(left, []);
    again();
    context.mock.timers.tick(10_000);
    assert.deepEqual(left, ["engine"]);
    await Promise.resolve();
});

test("the page waits longer than the helper's own limit for a method", async () => {
    const waited: Record<string, number> = {};
    const channel = {
        request: (method: string, _params: unknown, limit: number) => {
            waited[method] = limit;
            return Promise.resolve({});
        },
    };
    const call = caller(channel as unknown as RpcChannel) as unknown as (method: string, params: object) => Promise<unknown>;
    // seconds, of bridge/cockpit_rhv/helper/*_methods.py
    const limits: Record<string, number> = {
        "deploy.preflight": 60, "deploy.start": 120, "deploy.resume": 120, "deploy.cleanup": 120, "tasks.start": 120,
        "jobs.resume": 120, "jobs.cancel": 120,
        "engine.upgrade": 120, "engine.rollback": 120, "engine.drop_previous": 120,
        "machines.start": 60, "machines.shutdown": 60, "machines.power_off": 60,
        "machines.create": 120, "machines.create_options": 120, "machines.clone": 120, "machines.clone_plan": 120,
        "machines.set_vcpus": 60, "machines.removal_plan": 300, "machines.disk_choices": 300, "machines.add_disk": 300,
        "machines.remove_disk": 300, "machines.remove": 300, "machines.snapshot_create": 600, "machines.shut_down": 120,
        "storage.test": 180, "storage.discover": 120, "storage.luns": 120, "storage.create": 60, "storage.act": 60,
        "storage.volume_create": 600, "storage.volume_remove": 300,
    };
    for (const [method, seconds] of Object.entries(limits)) {
        await call(method, {});
        assert.ok((waited[method] ?? 0) > seconds * 1000, `${method}: ${waited[method]} ms`);
    }
});
