// SPDX-License-Identifier: Apache-2.0
import { Facts, type Fact } from "../../common/Facts";
import { dateTime, duration, mebibytes, percent } from "../../format";
import type { Engine, EngineConfig, Machine } from "../../generated/wire";
import { _, plural } from "../../i18n";
import { useHostClock } from "../../rpc/hooks";
import type { Live } from "../../rpc/merge";
import { ClipboardCopy } from "./pf";

function Copyable({ children, label }: { children: string; label: string }) {
    return (
        <ClipboardCopy variant="inline-compact" isCode hoverTip={_("Copy")} clickTip={_("Copied")}
                       copyAriaLabel={_("Copy: {what}", { what: label })}>
            {children}
        </ClipboardCopy>
    );
}

function Uptime({ started }: { started: number | undefined }) {
    const clock = useHostClock(1000);
    return <>{started === undefined || clock === null ? _("Unknown") : duration(clock - started)}</>;
}

function memory(machine: Live<Machine>): string {
    const total = mebibytes(machine.memory_mib);
    return machine.memory_used_mib === undefined
        ? total
        : _("{used} of {total} used", { used: mebibytes(machine.memory_used_mib), total });
}

function vmFacts(machine: Live<Machine>): Fact[] {
    if (machine.state !== "running" && machine.state !== "blocked")
        return [{ id: "memory", term: _("Memory"), value: mebibytes(machine.memory_mib) }];
    const cpus = plural("{count} virtual CPU", "{count} virtual CPUs", machine.vcpus);
    return [
        { id: "uptime", term: _("Running for"), value: <Uptime started={machine.started_s} /> },
        { id: "memory", term: _("Memory"), value: memory(machine) },
        {
            id: "cpu",
            term: _("Processor"),
            value: machine.cpu_percent === undefined ? cpus : `${cpus}, ${percent(machine.cpu_percent / 100)}`,
        },
    ];
}

export function EngineFacts({ engine, config, machine }: {
    engine: Live<Engine>; config: Live<EngineConfig>; machine: Live<Machine> | null;
}) {
    const facts: Fact[] = [
        { id: "fqdn", term: _("FQDN"), value: <Copyable label={_("FQDN")}>{config.fqdn}</Copyable> },
        { id: "address", term: _("Address"), value: <Copyable label={_("Address")}>{config.address}</Copyable> },
        { id: "version", term: _("Version"), value: engine.version ?? config.engine_version },
        ...(machine ? vmFacts(machine) : []),
        { id: "vm", term: _("Virtual machine"), value: config.name },
        {
            id: "network",
            term: _("Network"),
            value: config.network_kind === "nat"
                ? _("NAT network {name}", { name: config.network_name })
                : _("Bridge {name}", { name: config.network_name }),
        },
        { id: "disk", term: _("Disk"), value: <code>{config.disk}</code> },
        { id: "host", term: _("This host"), value: `${config.host_name} · ${config.host_address}` },
        { id: "deployed", term: _("Deployed"), value: dateTime(config.deployed_s) },
    ];
    return <Facts facts={facts} />;
}
