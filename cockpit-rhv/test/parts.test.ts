// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import { PartStore } from "../src/app/part-store";

interface Two {
    one: string;
    other: string;
}

/** A store whose first part comes when the test says so. */
function store(limitMs = 10_000) {
    const asked: { resolve: (part: string) => void; reject: (reason: Error) => void }[] = [];
    const parts = new PartStore<Two>({
        one: () => new Promise((resolve, reject) => asked.push({ resolve, reject })),
        other: () => Promise.resolve("other"),
    }, limitMs);
    return { parts, asked };
}

test("a part is asked for once, and all who want it are told", async () => {
    const { parts, asked } = store();
    let told = 0;
    parts.subscribe(() => (told += 1));
    assert.deepEqual(parts.get("one"), { state: "loading" });
    const both = Promise.all([parts.load("one"), parts.load("one")]);
    assert.equal(asked.length, 1);
    told = 0;
    asked[0]?.resolve("one");
    assert.deepEqual(await both, [true, true]);
    assert.deepEqual(parts.get("one"), { state: "ready", part: "one" });
    assert.equal(told, 1);
    assert.equal(await parts.load("one"), true);
    assert.equal(asked.length, 1);
});

test("a part that fails says so, keeps no other from loading, and is asked for again", async () => {
    const { parts, asked } = store();
    const loading = parts.load("one");
    asked[0]?.reject(new TypeError("gone"));
    assert.equal(await loading, false);
    const failed = parts.get("one");
    assert(failed.state === "error");
    assert.equal(failed.error.code, "page.part");
    assert.match(failed.error.detail ?? "", /gone/);
    assert.equal(await parts.load("other"), true);

    const again = parts.load("one");
    assert.equal(parts.get("one").state, "loading");
    asked[1]?.resolve("one");
    assert.equal(await again, true);
    assert.equal(parts.get("one").state, "ready");
});

test("a part that does not answer fails after the limit, and is shown when it comes after all", async () => {
    const { parts, asked } = store(20);
    assert.equal(await parts.load("one"), false);
    const failed = parts.get("one");
    assert(failed.state === "error");
    assert.match(failed.error.detail ?? "", /no answer/);
    asked[0]?.resolve("one");
    await new Promise(setImmediate);
    assert.equal(parts.get("one").state, "ready");
});

test("a part that comes late does not become an error when the second attempt fails", async () => {
    const { parts, asked } = store(20);
    await parts.load("one");
    const again = parts.load("one");
    asked[0]?.resolve("one");
    await new Promise(setImmediate);
    asked[1]?.reject(new TypeError("gone"));
    assert.equal(await again, true);
    assert.equal(parts.get("one").state, "ready");
});
