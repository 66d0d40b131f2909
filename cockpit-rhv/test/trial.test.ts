// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import { testOf, untested } from "../src/engine/wizard/storageTest";
import { at, draftFrom, edit } from "../src/form/draft";
import type { StorageReport } from "../src/generated/wire";
import { isWell, portalOf } from "../src/storage/luns";
import { question, type Trial } from "../src/storage/trial";
import { FORM } from "./form";

const fresh = () => draftFrom(FORM, null);
const params = (draft = fresh()) => {
    const found = testOf(draft);
    assert.ok(found);
    return found;
};
const report = (verdict: StorageReport["verdict"], cancelled = false): StorageReport =>
    ({ verdict, cancelled, steps: [], elapsed_s: 1, document: {}, earlier: [], earlier_host: "", earlier_elsewhere: false });

test("what is tested is what is entered, and the name of the engine VM belongs to it", () => {
    const { document, engine } = params();
    assert.equal(at(document, "type"), "directory");
    assert.equal(at(document, "make"), true);
    assert.equal(engine, (FORM.values as { engine: { name: string } }).engine.name);
    assert.notEqual(question(params()), question(params(edit(fresh(), "storage.path", "/srv"))));
    assert.notEqual(question(params()), question(params(edit(fresh(), "engine.name", "Other"))));
    assert.equal(question(params()), question(params(edit(fresh(), "host.name", "other"))));
});

test("next says what was not tested", () => {
    const now = params();
    const done = (verdict: StorageReport["verdict"], cancelled = false): Trial =>
        ({ state: "done", of: question(now), report: report(verdict, cancelled) });
    assert.equal(untested(done("ok"), now), null);
    assert.equal(untested(done("warning"), now), null);
    assert.ok(untested({ state: "none" }, now));
    assert.ok(untested(done("error"), now));
    assert.ok(untested(done("unknown", true), now));
    assert.ok(untested(done("ok"), params(edit(fresh(), "storage.path", "/srv"))));
    assert.ok(untested({ state: "running", of: question(now) }, now));
});

test("portals and paths", () => {
    assert.equal(portalOf("nas.example.com", 3260), "nas.example.com:3260");
    assert.equal(portalOf("2001:db8::7", 3261), "[2001:db8::7]:3261");
    assert.equal(portalOf("[2001:db8::7]", 3261), "[2001:db8::7]:3261");
    assert.ok(isWell("active ready") && isWell("running") && !isWell("offline"));
});
