// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import { backTo, href, parseRoute } from "../src/app/route";
import { sectionOf } from "../src/app/sections";
import { logArchiveUrl } from "../src/common/bundle";
import type { Event } from "../src/generated/wire";
import { allEvents, toCsv, toJson } from "../src/logs/export";
import { merged } from "../src/logs/merged";
import { NOTHING_WANTED, isFiltered, parseQuery, toParams, toQuery, type Wanted } from "../src/logs/query";
import type { Call } from "../src/rpc/client";

const event = (seq: number, more: Partial<Event> = {}): Event => ({
    seq, time_s: seq, kind: "guest", what: "started", severity: "info", source: "libvirt",
    message: { id: "event.started", text: "The guest was started." }, name: "web", uuid: null, job: null, user: null, title: null, ...more,
});
const answer = (seqs: readonly number[], more = false) =>
    ({ events: seqs.map(seq => event(seq)), more, empty: false, recording: { by: null, since_s: null } });

test("places and addresses of the logs", () => {
    assert.deepEqual(parseRoute(["logs"]), { page: "logs" });
    assert.deepEqual(parseRoute(["events"], { kind: "job" }), { page: "events", query: { kind: "job" } });
    assert.equal(href({ page: "events", query: { guest: "a b" } }), "#/events?guest=a+b");
    assert.equal(sectionOf({ page: "events", query: {} }), "logs");
    assert.deepEqual(backTo("logs"), { page: "logs" });
});

test("filters come back from their address, and nonsense is as if it were not there", () => {
    const wanted: Wanted = { text: "a b", kind: "job", severity: "error", since: "1d", guest: "web" };
    assert.deepEqual(parseQuery(toQuery(wanted)), wanted);
    assert.deepEqual(parseQuery({ kind: "x", severity: "info", since: "toString", guest: "" }), NOTHING_WANTED);
    assert.equal(parseQuery({ text: "x".repeat(500) }).text.length, 200);
    assert.deepEqual([isFiltered(NOTHING_WANTED), isFiltered(wanted)], [false, true]);
    assert.deepEqual(toParams(wanted, 100_000.7), { text: "a b", kind: "job", severity: "error", guest: "web", since_s: 13_600, language: "en" });
    assert.deepEqual(toParams(NOTHING_WANTED, 0), {});
});

test("new events come before those that are shown, and a gap is never hidden", () => {
    const shown = answer([5, 4, 3, 2, 1]);
    const seqs = (...args: Parameters<typeof merged>) => merged(...args).events.map(({ seq }) => seq);
    assert.deepEqual(seqs(null, answer([3, 2])), [3, 2]);
    assert.deepEqual(seqs(shown, answer([6, 5, 4], true)), [6, 5, 4, 3, 2, 1]);
    assert.equal(merged(shown, answer([6, 5, 4], true)).more, false);
    // More has happened than fits a page: what was shown before does not join.
    assert.deepEqual(seqs(shown, answer([99, 98, 97], true)), [99, 98, 97]);
    assert.equal(merged(shown, answer([99, 98, 97], true)).more, true);
    // All there is fits: what is not in it has been rotated away.
    assert.deepEqual(seqs(shown, answer([6, 5])), [6, 5]);
    assert.deepEqual(seqs(shown, answer([])), []);
});

test("a file holds all pages", async () => {
    const asked: unknown[] = [];
    const call = ((_method: string, params: { before?: number }) => {
        asked.push(params);
        return Promise.resolve(params.before === undefined ? answer([4, 3], true) : answer([2, 1]));
    }) as unknown as Call;
    assert.deepEqual((await allEvents(call, { kind: "guest" })).map(({ seq }) => seq), [4, 3, 2, 1]);
    assert.deepEqual(asked, [{ kind: "guest", limit: 500 }, { kind: "guest", limit: 500, before: 3 }]);
});

test("a guest named like a formula stays a name in a spreadsheet", () => {
    const [, first, second] = toCsv([event(1, { name: "=HYPERLINK(1)" }), event(2, { name: 'a "b", c' })]).split("\r\n");
    assert.match(first ?? "", /,'=HYPERLINK\(1\),/);
    assert.match(second ?? "", /,"a ""b"", c",/);
    assert.equal((JSON.parse(toJson([event(1)])) as { time: string }[])[0]?.time, "1970-01-01T00:00:01.000Z");
});

test("an archive is the output of a privileged helper, as a download", () => {
    const transport = { csrf_token: "t", uri: (suffix: string) => `ws://host:9090/cockpit/${suffix}`, wait: () => undefined };
    const options = JSON.parse(atob(logArchiveUrl(transport, "20260301-101500-a1b2", "rhv-logs.tar.xz").split("?")[1] ?? "")) as Record<string, unknown>;
    assert.deepEqual([options.spawn, options.superuser], [["/usr/libexec/cockpit-rhv/helper", "logs", "20260301-101500-a1b2"], "require"]);
});
