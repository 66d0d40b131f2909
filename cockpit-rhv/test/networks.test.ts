// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import type { RhvError } from "../src/generated/wire";
import { fieldProblem, nameProblem } from "../src/networks/problems";
import { vlanName } from "../src/networks/words";

function refusal(code: string, hint: string | null): RhvError {
    const message = (text: string) => ({ id: code, text, params: {} });
    return { code, message: message("It cannot be."), hint: hint === null ? null : message(hint), detail: null };
}

test("a refusal is said beside the field that is to blame, with its hint", () => {
    const fields = ["net-name", "net-address"];
    assert.deepEqual(fieldProblem(refusal("networks.address_taken", "Choose another."), fields), { field: "net-address", words: "It cannot be. Choose another." });
    assert.deepEqual(fieldProblem(refusal("networks.profile_taken", null), fields), { field: "net-name", words: "It cannot be." });
});

test("what no field of the dialog is to blame for is said above them", () => {
    assert.equal(fieldProblem(refusal("networks.gateway", null), ["net-name"]), null);
    assert.equal(fieldProblem(refusal("networks.no_manager", null), ["net-name", "net-on"]), null);
    assert.equal(fieldProblem(refusal("libvirt.unreachable", null), ["net-name"]), null);
});

test("a VLAN on a card with a long name has one that the kernel takes", () => {
    assert.equal(vlanName("eth0", "100"), "eth0.100");
    assert.equal(vlanName("enp130s0f0n", "100"), "enp130s0f0n.100");
    assert.equal(vlanName("enp130s0f0np0", "4094"), "vlan4094");
});

test("names that the kernel or a shell would not take are noticed as they are typed", () => {
    for (const bad of ["..", "../x", "br 0", "br\n0", "br\"0", "br'0", "-w", "0br", "a".repeat(16)])
        assert.notEqual(nameProblem(bad), null, bad);
    for (const good of ["", "ovirtmgmt", "eth0.100", "a".repeat(15)])
        assert.equal(nameProblem(good), null, good);
});
