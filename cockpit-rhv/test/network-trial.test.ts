// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import { networkQuestion, verdictOf, type Trial } from "../src/engine/wizard/useNetworkTrial";
import { draftFrom, edit } from "../src/form/draft";
import type { CheckResult } from "../src/generated/wire";
import { FORM } from "./form";

const message = { id: "m", text: "Words.", params: {} };

function found(...severities: CheckResult["severity"][]): Trial {
    const results = severities.map((severity, index) => ({
        id: `c${String(index)}`, title: message, severity, summary: message, evidence: [], why: message, remedy: null, remedy_job: null, path: null,
    }));
    return { state: "done", result: { errors: [], report: { verdict: "ok", results, elapsed_s: 0 } } };
}

test("only an error keeps one in the step, and only what is fine needs no look", () => {
    assert.equal(verdictOf({ state: "idle" }), "untried");
    assert.equal(verdictOf({ state: "stale" }), "untried");
    assert.equal(verdictOf({ state: "running" }), "running");
    assert.equal(verdictOf({ state: "failed", error: { code: "x", message, hint: null, detail: null } }), "told");
    assert.equal(verdictOf(found("ok", "not_applicable")), "passed");
    assert.equal(verdictOf(found("ok", "warning")), "told");
    assert.equal(verdictOf(found("ok", "unknown")), "told");
    assert.equal(verdictOf(found("unknown", "error", "ok")), "refused");
    const errors = [{ path: "network.gateway", error: { code: "x", message, hint: null, detail: null } }];
    assert.equal(verdictOf({ state: "done", result: { errors, report: { verdict: "ok", results: [], elapsed_s: 0 } } }), "refused");
});

test("an answer is about the network and the engine's name, not about what other steps hold", () => {
    const draft = edit(draftFrom(FORM, null), "network.mode", "static");
    const asked = JSON.stringify(networkQuestion(draft, null));
    assert.equal(JSON.stringify(networkQuestion(edit(draft, "engine.memory_mib", "4096"), null)), asked);
    assert.equal(JSON.stringify(networkQuestion(edit(draft, "storage.path", "/srv"), null)), asked);
    for (const [path, value] of [["engine.fqdn", "other.example.com"], ["network.gateway", "192.0.2.9"], ["network.name", "br9"]] as const)
        assert.notEqual(JSON.stringify(networkQuestion(edit(draft, path, value), null)), asked, path);
    assert.equal(networkQuestion(draft, "20260102-030405-abcd").job, "20260102-030405-abcd");
});
