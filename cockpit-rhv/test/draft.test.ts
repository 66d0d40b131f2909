// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import {
    answersOf, draftFrom, edit, editSecret, leave, noticesOf, origin, problemsOf, sectionsOf, stepOf,
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
