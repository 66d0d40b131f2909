// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import { isFqdn, isIp, isIpv4, isIpv4Interface, isIpv6 } from "../src/form/formats";
import { strength } from "../src/form/password";
import { fromRaw } from "../src/form/raw";
import type { Field, FieldSchema } from "../src/form/schema";
import { checkField } from "../src/form/validate";

const all = (check: (value: string) => boolean, good: string[], bad: string[]) => {
    good.forEach(value => assert.ok(check(value), value));
    bad.forEach(value => assert.ok(!check(value), value));
};

test("formats", () => {
    all(isFqdn, ["engine.example.com", "a.b", "x-1.example", "1.example"],
        ["", "engine", "engine.", ".example", "-a.example", "a-.example", "a_b.example", "192.0.2.1", `${"a".repeat(64)}.b`]);
    all(isIpv4, ["0.0.0.0", "192.0.2.1", "255.255.255.255"], ["", "192.0.2", "192.0.2.256", "192.0.2.01", "a.b.c.d", "1.2.3.4.5"]);
    all(isIpv6, ["::1", "2001:db8::1", "fe80::1:2", "::ffff:192.0.2.1"], ["", "1:2", "::g", "192.0.2.1", "1::2::3", "::1%eth0", "]:::["]);
    all(isIp, ["192.0.2.1", "::1"], ["engine.example.com"]);
    all(isIpv4Interface, ["192.0.2.10/24", "10.0.0.1/8", "192.0.2.0/31", "192.0.2.7/32"],
        ["192.0.2.10", "192.0.2.10/", "192.0.2.10/33", "192.0.2.10/0", "192.0.2.10/24/1", "192.0.2.0/24", "192.0.2.255/24"]);
});

const field = (schema: FieldSchema): Field => ({ path: "a.b", title: "B", help: "", required: false, schema });

test("texts of inputs become values", () => {
    assert.equal(fromRaw({ type: "integer" }, " 12 "), 12);
    assert.ok(Number.isNaN(fromRaw({ type: "integer" }, "1.5")));
    assert.equal(fromRaw({ type: "string" }, "  "), undefined);
    assert.deepEqual(fromRaw({ type: "array", items: { type: "string" } }, "a, b;c  d"), ["a", "b", "c", "d"]);
    assert.equal(fromRaw({ type: "boolean" }, false), false);
});

test("keywords of the schema", () => {
    const number = field({ type: "integer", minimum: 1, maximum: 64 });
    assert.equal(checkField(number, "64", true), null);
    assert.match(checkField(number, "65", true) ?? "", /from 1 to 64/);
    assert.equal(checkField(number, "x", true), "Enter a whole number.");
    assert.equal(checkField(number, "", true), "Enter a value.");
    assert.equal(checkField(number, "", false), null);
    const name = field({ type: "string", pattern: "^[a-z]+$", minLength: 2, maxLength: 4 });
    assert.equal(checkField(name, "abc", true), null);
    assert.match(checkField(name, "a", true) ?? "", /at least 2/);
    assert.match(checkField(name, "abcde", true) ?? "", /at most 4/);
    assert.equal(checkField(name, "AB", true, "Small letters."), "Small letters.");
    const list = field({ type: "array", maxItems: 2, items: { type: "string", format: "ip" } });
    assert.equal(checkField(list, "192.0.2.1 ::1", false), null);
    assert.match(checkField(list, "::1 ::2 ::3", false) ?? "", /at most 2/);
    assert.match(checkField(list, "::1 x", false) ?? "", /IP address/);
});

test("strength of passwords is a hint", () => {
    assert.equal(strength("password"), "weak");
    assert.equal(strength("aaaaaaaaaaaaaaaaaaaa"), "weak");
    assert.equal(strength("Tr0ub4dor"), "fair");
    assert.equal(strength("correct horse battery staple"), "strong");
});
