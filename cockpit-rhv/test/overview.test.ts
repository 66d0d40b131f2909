// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import { FROM_OVERVIEW, backTo, href, parseRoute } from "../src/app/route";
import { sectionOf } from "../src/app/sections";
import { backWord } from "../src/engine/job/words";
import { grouped, type Check } from "../src/overview/groups";
import { ceiling, paths } from "../src/overview/lines";

const message = (text: string) => ({ id: text, text });

function check(id: string, severity: Check["severity"], summary = "fine"): Check {
    return {
        id, severity, title: message(id), summary: message(summary), evidence: [], why: message("why"),
        remedy: undefined, remedy_job: undefined, path: undefined,
    };
}

function health(...checks: Check[]) {
    return { order: checks.map(({ id }) => id), results: Object.fromEntries(checks.map(one => [one.id, one])) };
}

test("errors come before warnings, each in the checks' own order", () => {
    const { urgent, fine, absent, counts } = grouped(health(
        check("a", "warning"), check("b", "error"), check("c", "ok"), check("d", "error"), check("e", "not_applicable")));
    assert.deepEqual(urgent.map(({ id }) => id), ["b", "d", "a"]);
    assert.deepEqual(fine.map(({ id }) => id), ["c"]);
    assert.deepEqual(absent.map(({ id }) => id), ["e"]);
    assert.deepEqual(counts, { error: 2, warning: 1, unknown: 0, ok: 1, not_applicable: 1 });
});

test("one reason for many unknown checks is one trouble", () => {
    const { unknown, urgent } = grouped(health(
        check("a", "unknown", "down"), check("b", "unknown", "denied"), check("c", "unknown", "down")));
    assert.deepEqual(unknown.map(checks => checks.map(({ id }) => id)), [["a", "c"], ["b"]]);
    assert.deepEqual(urgent, []);
});

test("a check that has not answered yet is left out", () => {
    assert.deepEqual(grouped({ order: ["a", "b"], results: { b: check("b", "ok") } }).counts.ok, 1);
});

test("scales end at a round number", () => {
    assert.deepEqual([0, 1, 3, 7, 30].map(value => ceiling(value, 1)), [1, 1, 5, 10, 50]);
    assert.deepEqual([0, 1500, 3 * 1024, 7 * 1024 ** 2].map(value => ceiling(value, 1024, true)),
                     [1024, 2 * 1024, 5 * 1024, 10 * 1024 ** 2]);
});

test("the newest sample is at the right edge, and a gap stays one", () => {
    const samples = [
        { at: 0, value: 50 }, { at: 60, value: null }, { at: 64, value: 0 }, { at: 68, value: 100 }, { at: 100, value: 200 },
    ];
    const { line, area } = paths(samples, 100, 100, 4);
    assert.equal(line, "M0.0 50.0M64.0 100.0L68.0 0.0M100.0 0.0");
    assert.equal(area, "M0.0 100L0.0 50.0L0.0 100ZM64.0 100L64.0 100.0L68.0 0.0L68.0 100ZM100.0 100L100.0 0.0L100.0 100Z");
    // What is older than the left edge is not drawn outside of the frame.
    assert.equal(paths(samples, 100, 50, 4).line, "M28.0 100.0L36.0 0.0M100.0 0.0");
    assert.deepEqual(paths([], 100, 100, 4), { line: "", area: "" });
});

test("the overview has a place, and remedies lead back to it", () => {
    assert.deepEqual(parseRoute([]), { page: "overview" }, "whoever comes from Cockpit's menu lands there");
    assert.deepEqual(parseRoute(["overview"]), { page: "overview" }, "its address of before");
    assert.deepEqual(parseRoute(["engine"]), { page: "engine" });
    assert.equal(href({ page: "overview" }), "#/");
    assert.equal(sectionOf({ page: "overview" }), "overview");
    assert.deepEqual(backTo(FROM_OVERVIEW), { page: "overview" });
    assert.equal(backWord(FROM_OVERVIEW), "Back to the overview");
});
