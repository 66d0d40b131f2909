// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import { Session } from "../src/rpc/session";

type Handler = (event: unknown, data: never) => void;

/** One channel to a helper that answers when the test says so. */
class FakeChannel {
    readonly sent: { id: number; method: string; params: Record<string, unknown> }[] = [];
    readonly #handlers = new Map<string, Handler>();

    addEventListener(name: string, handler: Handler) {
        this.#handlers.set(name, handler);
    }

    send(line: string) {
        this.sent.push(JSON.parse(line) as FakeChannel["sent"][number]);
    }

    close() {
        // Nobody hears of a channel that is closed on purpose.
    }

    say(message: object) {
        this.#handlers.get("message")?.(null, `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n` as never);
        return new Promise(setImmediate);
    }

    answer(method: string, result: object) {
        const request = this.sent.find(sent => sent.method === method);
        assert(request);
        return this.say({ id: request.id, result });
    }

    lose() {
        this.#handlers.get("close")?.(null, { problem: "terminated" } as never);
        return new Promise(setImmediate);
    }
}

function started() {
    const channels: FakeChannel[] = [];
    let superuser: () => void = () => undefined;
    const proxy = {
        valid: true,
        Current: "none",
        addEventListener: (_name: string, handler: () => void) => {
            superuser = handler;
        },
        removeEventListener: () => undefined,
        wait: (ready: () => void) => ready(),
    };
    Object.assign(globalThis, {
        cockpit: {
            hidden: false,
            language: "en",
            channel: () => {
                const channel = new FakeChannel();
                channels.push(channel);
                return channel;
            },
            dbus: () => ({ proxy: () => proxy, close: () => undefined }),
            addEventListener: () => undefined,
            removeEventListener: () => undefined,
        },
    });
    const session = new Session();
    session.topics.watch("machines", () => undefined);
    return {
        session,
        channels,
        stop: session.start(),
        elevate: () => {
            proxy.Current = "root";
            superuser();
        },
    };
}

const HELLO = { version: "0.0.0", protocol: 1, user: "root", uid: 0, privileged: true, hostname: "host" };
const snapshot = (libvirt: string) => ({ topic: "machines", revision: 1, snapshot: { libvirt } });
const methods = (channel: FakeChannel | undefined) => channel?.sent.map(({ method }) => method);

test("topics are asked for with the first hello, and what comes before its answer is kept", async () => {
    const { session, channels, stop } = started();
    const [channel] = channels;
    assert(channel);
    assert.deepEqual(methods(channel), ["hello", "subscribe"]);
    await channel.answer("subscribe", snapshot("connecting"));
    await channel.say({ method: "topic.patch", params: { topic: "machines", revision: 2, patch: { libvirt: "connected" } } });
    assert.equal(session.getConnection().state, "connecting");
    assert.deepEqual((session.topics.get("machines") as { value?: object }).value, { libvirt: "connected" });
    await channel.answer("hello", HELLO);
    assert.equal(session.getConnection().state, "connected");
    assert.deepEqual(methods(channel), ["hello", "subscribe"]);
    stop();
});

test("a helper that dies before its hello leaves the topics waiting, not failed", async () => {
    const { session, channels, stop } = started();
    await channels[0]?.lose();
    assert.equal(session.getConnection().state, "lost");
    assert.equal(session.topics.get("machines").state, "loading");
    session.retryNow();
    assert.deepEqual(methods(channels[1]), ["hello", "subscribe"]);
    stop();
});

test("a successor is asked for topics only when it serves", async () => {
    const { session, channels, stop, elevate } = started();
    const [first] = channels;
    assert(first);
    await first.answer("hello", HELLO);
    await first.answer("subscribe", snapshot("first"));
    elevate();
    const second = channels[1];
    assert(second);
    assert.deepEqual(methods(second), ["hello"]);
    await first.say({ method: "topic.patch", params: { topic: "machines", revision: 2, patch: { libvirt: "still" } } });
    assert.deepEqual((session.topics.get("machines") as { value?: object }).value, { libvirt: "still" });
    await second.answer("hello", HELLO);
    assert.deepEqual(methods(second), ["hello", "subscribe"]);
    await second.answer("subscribe", snapshot("second"));
    assert.deepEqual((session.topics.get("machines") as { value?: object }).value, { libvirt: "second" });
    stop();
});
