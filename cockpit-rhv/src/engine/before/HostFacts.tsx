// SPDX-License-Identifier: Apache-2.0
import { Status, type Tone } from "../../common/Status";
import { Facts, type Fact } from "../../common/Facts";
import { mebibytes } from "../../format";
import type { HostFacts as Host, Machines } from "../../generated/wire";
import { _, plural, text } from "../../i18n";
import { useTopicValue } from "../../rpc/hooks";
import type { Live } from "../../rpc/merge";
import { ErrorAlert } from "../../common/ErrorAlert";
import { Skeleton } from "../../pf";
import { useTopic } from "../../rpc/hooks";

function virtualization(host: Live<Host>): { tone: Tone; sentence: string } {
    if (host.kvm.usable)
        return { tone: "good", sentence: _("Hardware virtualization is usable") };
    const reason = host.kvm.reason ? text(host.kvm.reason) : _("Hardware virtualization is not usable");
    return { tone: "warning", sentence: reason };
}

function libvirt(machines: Live<Machines>): { tone: Tone; sentence: string } {
    const { state, version } = machines.libvirt;
    switch (state) {
    case "connected":
        return { tone: "good", sentence: version === undefined ? _("Connected") : _("Version {version}", { version }) };
    case "connecting":
        return { tone: "busy", sentence: _("Connecting…") };
    case "disconnected":
        return { tone: "bad", sentence: _("Does not answer") };
    case "absent":
        return { tone: "bad", sentence: _("Not installed") };
    }
}

function networks(host: Live<Host>): { tone: Tone; sentence: string } {
    const bridges = host.nics.filter(nic => nic.kind === "bridge" && nic.up && nic.members.length > 0);
    if (bridges.length > 0)
        return { tone: "good", sentence: _("Bridge {names}", { names: bridges.map(nic => nic.name).join(", ") }) };
    return { tone: "warning", sentence: _("No bridge to your network: with NAT, only this host reaches the Manager") };
}

/** What the deployment will find, before anybody starts it. */
export function HostFacts() {
    const topic = useTopic("host");
    const machines = useTopicValue("machines");
    if (topic.state === "error")
        return <ErrorAlert error={topic.error} title={_("The facts of this host cannot be read")} />;
    if (topic.state === "loading")
        return <><Skeleton screenreaderText={_("Loading")} /><br /><Skeleton width="70%" /></>;
    const host = topic.value;
    const cpu = virtualization(host);
    const network = networks(host);
    const daemon = machines && libvirt(machines);
    const facts: Fact[] = [
        { id: "host", term: _("Host"), value: `${host.fqdn ?? host.hostname} · ${host.os.pretty_name}` },
        {
            id: "cpu",
            term: _("Processor"),
            value: (
                <>
                    <div>{`${host.cpu.model} · ${plural("{count} thread", "{count} threads", host.cpu.threads)}`}</div>
                    <Status tone={cpu.tone}>{cpu.sentence}</Status>
                </>
            ),
        },
        {
            id: "memory",
            term: _("Memory"),
            value: _("{available} of {total} available", {
                available: mebibytes(host.memory.available_mib), total: mebibytes(host.memory.total_mib),
            }),
        },
        { id: "network", term: _("Network"), value: <Status tone={network.tone}>{network.sentence}</Status> },
    ];
    if (daemon)
        facts.push({ id: "libvirt", term: "libvirt", value: <Status tone={daemon.tone}>{daemon.sentence}</Status> });
    return <Facts facts={facts} />;
}
