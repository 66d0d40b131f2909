// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import { FROM_GUESTS, FROM_LOGS, FROM_OVERVIEW, FROM_REVIEW, parseRoute } from "../src/app/route";
import { sectionOf } from "../src/app/sections";
import { fingerprint } from "../src/engine/deployed/fingerprint";
import { bytes, clock, duration, estimate } from "../src/format";
import { _, fill, plural, setCatalogue, text } from "../src/i18n";

test("placeholders and braces", () => {
    assert.equal(fill("{a} of {b}", { a: 1, b: "x" }), "1 of x");
    assert.equal(fill("{{a}} {a}", { a: 2 }), "{a} 2");
    assert.equal(fill("{missing}", {}), "{missing}");
    assert.equal(fill("{n}", { n: 12345.6 }), "12345.6");
    // What is filled in is not looked at again.
    assert.equal(fill("{a}", { a: "{b}", b: "x" }), "{b}");
});

test("durations, sizes, clocks", () => {
    assert.deepEqual([0, 45, 60, 125, 3600, 11_520, 90_000].map(duration),
                     ["0 sec", "45 sec", "1 min", "2 min 5 sec", "1 hr", "3 hr 12 min", "1 day 1 hr"]);
    assert.deepEqual([1, 8, 61].map(estimate), ["a few seconds", "about 10 sec", "about 1 min 30 sec"]);
    assert.deepEqual([7.9, 751, 3729].map(clock), ["0:07", "12:31", "1:02:09"]);
    assert.deepEqual([0, 1023, 1536, 10 * 2 ** 30].map(bytes), ["0 B", "1,023 B", "1.5 KiB", "10 GiB"]);
});

test("routes", () => {
    assert.deepEqual(parseRoute([]), { page: "overview" });
    assert.deepEqual(parseRoute(["deploy"]), { page: "deploy", step: null });
    assert.deepEqual(parseRoute(["deploy", "network"]), { page: "deploy", step: "network" });
    assert.deepEqual(parseRoute(["jobs", "x"]), { page: "job", id: "x" });
    assert.deepEqual(parseRoute(["nonsense"]), { page: "overview" });
});

test("a job stands where its page leads back to", () => {
    const section = (from: Record<string, string>) => sectionOf(parseRoute(["jobs", "x"], from));
    assert.equal(section({}), "engine");
    assert.equal(section({ from: FROM_GUESTS }), "guests");
    assert.equal(section({ from: FROM_OVERVIEW }), "overview");
    assert.equal(section({ from: FROM_LOGS }), "logs");
    assert.equal(section({ from: FROM_REVIEW }), "engine");
    assert.equal(section({ from: "another-job" }), "engine");
});

test("fingerprints", () => {
    assert.equal(fingerprint("0aff"), "0A:FF");
});

test("another language", () => {
    const spanish: Record<string, string> = { "{n} hosts": "{n} anfitriones", One: "Uno", "No room.": "Sin sitio." };
    setCatalogue({
        language: "es",
        gettext: key => spanish[key] ?? key,
        ngettext: (one, many, count) => (count === 1 ? one : many),
    });
    assert.equal(_("One"), "Uno");
    assert.equal(text({ id: "x", text: "{n} hosts", params: { n: 12_345.5 } }), "12345,5 anfitriones");
    assert.equal(text({ id: "x", text: "Why: {reason} ({name})", params: { reason: "No room.", name: "One" } }), "Why: Sin sitio. (One)");
    assert.equal(plural("{count} line", "{count} lines", 2), "2 lines");
});
