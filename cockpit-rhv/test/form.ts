// SPDX-License-Identifier: Apache-2.0
// A form as the helper sends it, over the real answers schema.
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { DeployForm } from "../src/generated/wire";

const schema = JSON.parse(
    readFileSync(join(process.cwd(), "ansible/embedded/answers.schema.json"), "utf8")) as Record<string, unknown>;

const nat = { path: "network.kind", equals: "nat" };
const bridge = { path: "network.kind", equals: "bridge" };

export const FORM: DeployForm = {
    profile: "embedded",
    title: { id: "title", text: "Engine VM" },
    schema,
    values: {
        engine: { fqdn: "engine.example.com", name: "HostedEngine", vcpus: 2, memory_mib: 1024, disk_gib: 10 },
        network: { kind: "bridge", name: "br0", mode: "dhcp" },
        storage: { kind: "directory", path: "/var/lib/libvirt/images" },
        image: { path: "/usr/share/cockpit-rhv/appliance/rhv-engine.qcow2" },
    },
    origins: { "engine.fqdn": "detected", "network.name": "detected" },
    choices: {
        "network.name": [
            { value: "br0", label: "br0", description: null, when: bridge },
            { value: "default", label: "default", description: null, when: nat },
        ],
    },
    notices: [
        { id: "nat", severity: "warning", step: "network", message: { id: "n", text: "NAT" }, confirm: null, when: nat },
        { id: "kvm", severity: "danger", step: "engine", message: { id: "k", text: "KVM" }, confirm: "accept.emulation", when: null },
    ],
    phases: [],
};
