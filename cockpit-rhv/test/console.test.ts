// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import { deframer, type ConsoleEvent } from "../src/console/channel";
import { COMBINATIONS } from "../src/console/combinations";
import { keysFor, strokes } from "../src/screens/keys";

function frame(kind: string, content: Uint8Array): Uint8Array {
    const out = new Uint8Array(5 + content.length);
    out[0] = kind.charCodeAt(0);
    new DataView(out.buffer).setUint32(1, content.length);
    out.set(content, 5);
    return out;
}

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

test("frames are found whatever the pieces they come in", () => {
    const stream = [
        frame("J", encode({ event: "open" })), frame("D", Uint8Array.of(1, 2, 3)), frame("D", new Uint8Array(0)),
        frame("D", Uint8Array.of(4)), frame("J", encode({ event: "silent", seconds: 6 })),
    ];
    const all = new Uint8Array(stream.flatMap(part => Array.from(part)));
    for (let size = 1; size <= all.length; size++) {
        const data: number[] = [];
        const events: ConsoleEvent[] = [];
        const take = deframer({ data: bytes => data.push(...bytes), event: event => events.push(event) });
        for (let at = 0; at < all.length; at += size)
            take(all.subarray(at, at + size));
        assert.deepEqual(data, [1, 2, 3, 4], `in pieces of ${size}`);
        assert.deepEqual(events, [{ event: "open" }, { event: "silent", seconds: 6 }]);
    }
});

test("what is no frame is refused, not waited for", () => {
    const take = () => deframer({ data: () => assert.fail(), event: () => assert.fail() });
    assert.throws(() => take()(new TextEncoder().encode("Traceback (most recent call last)")));
    assert.throws(() => take()(Uint8Array.of(0x44, 255, 255, 255, 255)));
});

test("every character of a US keyboard has its key, others have none", () => {
    for (let code = 0x20; code < 0x7f; code++) {
        const keys = keysFor(String.fromCharCode(code));
        assert.ok(keys, String.fromCharCode(code));
        assert.equal(keys.at(-1)?.keysym, code);
    }
    assert.deepEqual(keysFor("a"), [{ keysym: 0x61, code: "KeyA" }]);
    assert.deepEqual(keysFor("A")?.map(key => key.code), ["ShiftLeft", "KeyA"]);
    assert.deepEqual(keysFor("?")?.map(key => key.code), ["ShiftLeft", "Slash"]);
    assert.deepEqual(keysFor(" "), [{ keysym: 0x20, code: "Space" }]);
    assert.equal(keysFor("ñ"), null);
    assert.equal(keysFor("constructor"), null);
    assert.deepEqual(strokes("a\r\nñ😀").left, 2);
    assert.deepEqual(strokes("a\r\n").strokes.map(keys => keys.at(-1)?.code), ["KeyA", "Enter"]);
});

test("each combination is named as its keys are", () => {
    assert.equal(new Set(COMBINATIONS.map(({ label }) => label)).size, COMBINATIONS.length);
    const f3 = COMBINATIONS.find(({ label }) => label === "Ctrl+Alt+F3");
    assert.deepEqual(f3?.keys.at(-1), { keysym: 0xffc0, code: "F3" });
});
