// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import {
    answersOf, begunDraft, draftFrom, edit, editSecret, leave, loadAnswers, noticesOf, origin, problemsOf, secretsOf, sectionsOf, stepOf,
} from "../src/form/draft";
import { FORM } from "./form";

const PASSWORD = { value: "correct horse", repeated: "correct horse" };
const VALUES = FORM.values as Record<string, unknown>;
const { properties: PROPERTIES } = FORM.schema as { properties: object };
const fresh = () => draftFrom(FORM, null);

test("a fresh draft lacks the password and the confirmation only", () => {
    assert.deepEqual([...problemsOf(fresh()).keys()], ["accept.emulation", "secrets.admin_password"]);
    const ready = edit(editSecret(fresh(), "admin_password", PASSWORD), "accept.emulation", true);
    assert.equal(problemsOf(ready).size, 0);
});

test("answers hold what is shown, with the types of the schema, and no secret", () => {
    const draft = editSecret(fresh(), "admin_password", PASSWORD);
    const answers = answersOf(draft);
    assert.deepEqual(answers.engine, VALUES.engine);
    assert.deepEqual(answers.network, { kind: "bridge", name: "br0", mode: "dhcp" });
    assert.equal(answers.version, 1);
    assert.equal(answers.profile, "embedded");
    assert.ok(!JSON.stringify(answers).includes(PASSWORD.value));
});

test("a fixed address is asked for and sent only while it is chosen", () => {
    let draft = edit(fresh(), "network.mode", "static");
    assert.ok(problemsOf(draft).has("network.address"));
    draft = edit(edit(draft, "network.address", "192.0.2.10/24"), "network.gateway", "192.0.2.1");
    draft = edit(draft, "network.dns", "192.0.2.1, 2001:db8::1");
    assert.deepEqual(answersOf(draft).network, {
        kind: "bridge", name: "br0", mode: "static", address: "192.0.2.10/24", gateway: "192.0.2.1",
        dns: ["192.0.2.1", "2001:db8::1"],
    });
    draft = edit(draft, "network.mode", "dhcp");
    assert.deepEqual(answersOf(draft).network, { kind: "bridge", name: "br0", mode: "dhcp" });
    // What was typed is still there when the mind is changed again.
    assert.equal(draft.raw["network.address"], "192.0.2.10/24");
});

test("a field whose choices depend on another follows it", () => {
    const draft = edit(fresh(), "network.kind", "nat");
    assert.equal(draft.raw["network.name"], "default");
    assert.deepEqual(noticesOf(draft, "network").map(notice => notice.id), ["nat"]);
    assert.deepEqual(noticesOf(fresh(), "network"), []);
    assert.equal(edit(draft, "network.kind", "bridge").raw["network.name"], "br0");
});

test("origins: default, detected, typed, and back when the old value is typed again", () => {
    assert.equal(origin(fresh(), "engine.fqdn"), "detected");
    assert.equal(origin(fresh(), "engine.vcpus"), "default");
    const typed = edit(fresh(), "engine.fqdn", "manager.example.org");
    assert.equal(origin(typed, "engine.fqdn"), "typed");
    assert.equal(origin(edit(typed, "engine.fqdn", "engine.example.com"), "engine.fqdn"), "detected");
});

test("a form read anew keeps what was typed and follows the host with the rest", () => {
    const old = leave(editSecret(edit(fresh(), "engine.fqdn", "mine.example.org"), "admin_password", PASSWORD), "engine");
    const next = draftFrom({ ...FORM, values: { ...FORM.values, network: { kind: "nat", name: "default", mode: "dhcp" } } }, old);
    assert.equal(next.raw["engine.fqdn"], "mine.example.org");
    assert.equal(next.raw["network.kind"], "nat");
    assert.deepEqual(next.secrets.admin_password, PASSWORD);
    assert.ok(next.left.has("engine"));
});

test("what followed a typed answer follows it in a form read anew", () => {
    const next = draftFrom(FORM, edit(fresh(), "network.kind", "nat"));
    assert.equal(next.raw["network.kind"], "nat");
    assert.equal(next.raw["network.name"], "default");
    const own = edit(edit(fresh(), "network.kind", "nat"), "network.name", "lab");
    assert.equal(draftFrom(FORM, own).raw["network.name"], "lab");
});

test("saved answers come back as they were", () => {
    let saved = edit(edit(fresh(), "network.mode", "static"), "network.address", "192.0.2.10/24");
    saved = edit(edit(saved, "network.gateway", "192.0.2.1"), "network.dns", "192.0.2.1, 2001:db8::1");
    saved = edit(edit(saved, "engine.vcpus", "4"), "accept.emulation", true);
    const answers = answersOf(saved);
    // Into a form in which something else has been typed, and which is then read anew.
    const other = edit(edit(fresh(), "network.mac", "52:54:00:12:34:56"), "engine.fqdn", "other.example.org");
    const loaded = loadAnswers(other, "a.json", JSON.parse(JSON.stringify(answers)) as object, []);
    assert.deepEqual(answersOf(loaded), answers);
    assert.deepEqual(answersOf(draftFrom({ ...FORM, values: { ...FORM.values, host: { name: "host1" } } }, loaded)), answers);
    assert.equal(origin(loaded, "engine.fqdn"), "imported");
    assert.equal(origin(edit(loaded, "engine.fqdn", "mine.example.org"), "engine.fqdn"), "typed");
});

test("a file that leaves out what must be there gets the default, which says so", () => {
    const loaded = loadAnswers(fresh(), "a.yml", { engine: { memory_mib: 4096 } }, []);
    assert.equal(loaded.raw["engine.memory_mib"], "4096");
    assert.equal(loaded.raw["engine.fqdn"], "engine.example.com");
    assert.equal(origin(loaded, "engine.fqdn"), "detected");
    assert.equal(origin(loaded, "engine.vcpus"), "default");
    // An optional answer with a default is one, too: whoever looks shall see what will be used.
    const patient = draftFrom({ ...FORM, values: { ...FORM.values, engine: { ...VALUES.engine as object, patience_s: 600 } } }, null);
    assert.equal(loadAnswers(patient, "a.yml", {}, []).raw["engine.patience_s"], "600");
});

test("other answers for a deployment that has begun: its own ones, and its passwords are there", () => {
    const answers = { ...FORM.values, engine: { ...VALUES.engine as object, fqdn: "begun.example.org" }, accept: { emulation: true } };
    const begun = begunDraft(FORM, answers, null);
    assert.equal(problemsOf(begun).size, 0);
    assert.equal(origin(begun, "engine.fqdn"), "before");
    assert.deepEqual(secretsOf(begun), {});
    const typed = editSecret(edit(begun, "engine.fqdn", "new.example.org"), "admin_password", PASSWORD);
    assert.equal(origin(typed, "engine.fqdn"), "typed");
    assert.deepEqual(secretsOf(typed), { admin_password: PASSWORD.value });
    // A password that is typed must still be a good one.
    assert.ok(problemsOf(editSecret(begun, "admin_password", { value: "short", repeated: "short" })).has("secrets.admin_password"));
    // The helper that reads them anew keeps what was typed.
    assert.equal(begunDraft(FORM, answers, typed).raw["engine.fqdn"], "new.example.org");
});

test("every answer has a step", () => {
    assert.equal(stepOf(fresh(), "network.mac"), "network");
    assert.equal(stepOf(fresh(), "image.path"), "storage");
    assert.equal(stepOf(fresh(), "secrets.root_password"), "engine");
    assert.equal(stepOf(fresh(), "accept.emulation"), "engine");
    const properties = { ...PROPERTIES, extra: { title: "More", properties: { x: { type: "string" } } } };
    const unknown = draftFrom({ ...FORM, schema: { ...FORM.schema, properties } }, null);
    assert.deepEqual(sectionsOf(unknown, "storage").map(section => section.id), ["storage", "image", "extra"]);
});

test("an optional root password must be repeated once there is one", () => {
    const draft = editSecret(fresh(), "root_password", { value: "another one", repeated: "" });
    assert.ok(problemsOf(draft).has("secrets.root_password"));
});
