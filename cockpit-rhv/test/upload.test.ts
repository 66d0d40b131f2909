// SPDX-License-Identifier: Apache-2.0
// One attempt of an upload against a host that is played here.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";

import { FRAME_BYTES, WINDOW_BYTES } from "../src/storage/frames";
import { Transfer, type OpenWire, type Outcome } from "../src/storage/transfer";

const CONTENT = new Uint8Array(3 * 1024 * 1024 + 5).map((_value, index) => index % 251);
const hash = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");

function say(event: object): Uint8Array {
    const content = new TextEncoder().encode(JSON.stringify(event));
    const frame = new Uint8Array(5 + content.length);
    frame[0] = 0x4a;
    new DataView(frame.buffer).setUint32(1, content.length);
    frame.set(content, 5);
    return frame;
}

interface Host {
    open: OpenWire;
    bytes: () => Uint8Array;
    orders: { event: string; sha256?: string }[];
    /** Most bytes that were on their way at once. */
    most: () => number;
}

/** `left`: what it has from before; it acknowledges each frame a moment later, until `until` bytes. */
function host(left: Uint8Array, until = Infinity): Host {
    let got = left, acked = left.length, most = 0;
    const orders: Host["orders"] = [];
    const open: OpenWire = (_ticket, message, closed) => {
        setTimeout(() => message(say({ event: "have", offset: got.length, sha256: hash(got) })));
        return {
            close: () => undefined,
            send: data => {
                const content = data.subarray(5);
                if (data[0] === 0x44) {
                    assert.ok(content.length <= FRAME_BYTES);
                    got = Buffer.concat([got, content]);
                    most = Math.max(most, got.length - acked);
                    if (got.length > until) {
                        closed("disconnected");
                        return;
                    }
                    const offset = got.length;
                    setTimeout(() => {
                        acked = offset;
                        message(say({ event: "ack", offset }));
                    }, 1);
                    return;
                }
                const order = JSON.parse(new TextDecoder().decode(content)) as Host["orders"][number];
                orders.push(order);
                if (order.event === "restart") {
                    got = new Uint8Array(0);
                    acked = 0;
                } else if (order.event === "cancel") {
                    setTimeout(() => message(say({ event: "cancelled" })));
                } else {
                    setTimeout(() => message(say({ event: "done", path: "/x" })));
                }
            },
        };
    };
    return { open, bytes: () => got, orders, most: () => most };
}

function run(one: Host): Promise<Outcome> {
    return new Transfer(new Blob([CONTENT]), () => undefined).run("t", one.open);
}

test("the whole file arrives, never more than the window on its way, and the checksum is its own", async () => {
    const one = host(new Uint8Array(0));
    assert.deepEqual(await run(one), { end: "done", path: "/x" });
    assert.equal(hash(one.bytes()), hash(CONTENT));
    assert.deepEqual(one.orders, [{ event: "end", sha256: hash(CONTENT) }]);
    assert.ok(one.most() <= WINDOW_BYTES, `${one.most()} bytes were on their way`);
    assert.ok(one.most() > FRAME_BYTES);
});

test("it goes on where an earlier attempt was", async () => {
    const one = host(CONTENT.slice(0, 1_500_001));
    assert.deepEqual(await run(one), { end: "done", path: "/x" });
    assert.equal(hash(one.bytes()), hash(CONTENT));
    assert.deepEqual(one.orders.map(order => order.event), ["end"]);
});

test("what the host has of another file is not gone on with", async () => {
    const one = host(new Uint8Array(1000).fill(7));
    assert.deepEqual(await run(one), { end: "done", path: "/x" });
    assert.equal(hash(one.bytes()), hash(CONTENT));
    assert.deepEqual(one.orders.map(order => order.event), ["restart", "end"]);
});

test("a connection that breaks is said to have broken", async () => {
    assert.deepEqual(await run(host(new Uint8Array(0), 1_000_000)), { end: "broken", problem: "disconnected" });
});

test("it is cancelled", async () => {
    const one = host(new Uint8Array(0));
    const transfer = new Transfer(new Blob([CONTENT]), progress => progress.done > 500_000 && transfer.cancel());
    assert.deepEqual(await transfer.run("t", one.open), { end: "cancelled" });
    assert.ok(one.bytes().length < CONTENT.length);
});
