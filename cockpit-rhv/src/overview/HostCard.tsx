// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";

import { href } from "../app/route";
import { TONES } from "../checks/severity";
import { ErrorAlert } from "../common/ErrorAlert";
import { Facts, type Fact } from "../common/Facts";
import { Status } from "../common/Status";
import { dateTime, duration, mebibytes } from "../format";
import type { CheckResult, Engine, HostFacts } from "../generated/wire";
import { _, plural, text } from "../i18n";
import { Button, Card, CardBody, CardTitle, Skeleton } from "../pf";
import { useTopic, useTopicValue } from "../rpc/hooks";
import type { Live } from "../rpc/merge";

type Host = Live<HostFacts>;

function kind(host: Host): string {
    switch (host.kind) {
    case "rhvh": return _("RHV-H, an image-based host of Red Hat Virtualization");
    case "ovirt_node": return _("oVirt Node, an image-based host of oVirt");
    case "rhel": return host.manager.agent === "vdsm" ? _("RHEL-H, Red Hat Enterprise Linux as a virtualization host") : _("Red Hat Enterprise Linux");
    case "linux": return _("A Linux host");
    }
}

/** The host's own clock counts: this browser's may be another. */
function Uptime({ since }: { since: number }) {
    const load = useTopicValue("load");
    if (!load)
        return <>{_("since {date}", { date: dateTime(since) })}</>;
    // To the minute: seconds of a figure that stands for days only flicker.
    const uptime = Math.max(60, Math.floor(load.uptime_s / 60) * 60);
    return <>{_("{time}, since {date}", { time: duration(uptime), date: dateTime(since) })}</>;
}

function manager(host: Host, engine: Live<Engine> | null): ReactNode {
    if (engine?.state === "deployed" && engine.config) {
        return (
            <>
                <div>{_("Hosted here: {fqdn}", { fqdn: engine.config.fqdn })}</div>
                <Button variant="link" isInline component="a" href={href({ page: "engine" })}>{_("Show the engine")}</Button>
            </>
        );
    }
    if (host.manager.agent === "vdsm")
        return _("One elsewhere, through vdsm");
    if (host.manager.agent === "ours") {
        return host.manager.clients.length > 0
            ? _("One elsewhere: {names}", { names: host.manager.clients.join(", ") })
            : _("One elsewhere, not connected now");
    }
    return (
        <>
            <div>{_("None")}</div>
            <Button variant="link" isInline component="a" href={href({ page: "engine" })}>{_("Deploy a Manager on this host")}</Button>
        </>
    );
}

function hardware({ hardware: { manufacturer, product } }: Host): string {
    return [manufacturer, product].filter(part => part !== undefined).join(" ") || _("not told by the firmware");
}

/** Of a host that was installed as an image: the layer that runs, and whether `nodectl check` found it in order. */
function image(check: Live<CheckResult> | undefined): Fact[] {
    if (!check || check.severity === "not_applicable")
        return [];
    const layers = check.evidence.filter(({ source }) => source === "nodectl info");
    return [{
        id: "image",
        term: _("Image"),
        value: (
            <>
                <Status tone={TONES[check.severity]}>{text(check.summary)}</Status>
                {layers.map(({ value }) => <div key={value} className="rhv-muted">{value}</div>)}
            </>
        ),
    }];
}

/** Who this host is. */
export function HostCard() {
    const topic = useTopic("host");
    const health = useTopicValue("health");
    const engine = useTopicValue("engine");
    if (topic.state === "loading")
        return <div className="rhv-card-skeleton" aria-busy="true"><Skeleton screenreaderText={_("Loading")} /><Skeleton width="70%" /></div>;
    if (topic.state === "error")
        return <ErrorAlert error={topic.error} title={_("The facts of this host cannot be read")} />;
    const host = topic.value;
    const facts: Fact[] = [
        { id: "name", term: _("Name"), value: host.fqdn ?? host.hostname },
        { id: "os", term: _("System"), value: <><div>{host.os.pretty_name}</div><div className="rhv-muted">{kind(host)}</div></> },
        ...image(health?.results["node.image"]),
        { id: "kernel", term: _("Kernel"), value: host.kernel },
        { id: "uptime", term: _("Running"), value: <Uptime since={host.boot_time_s} /> },
        { id: "hardware", term: _("Machine"), value: hardware(host) },
        {
            id: "cpu",
            term: _("Processor"),
            value: (
                <>
                    <div>{host.cpu.model}</div>
                    <div className="rhv-muted">
                        {[
                            plural("{count} socket", "{count} sockets", host.cpu.sockets),
                            plural("{count} core", "{count} cores", host.cpu.cores),
                            plural("{count} thread", "{count} threads", host.cpu.threads),
                        ].join(", ")}
                    </div>
                </>
            ),
        },
        { id: "memory", term: _("Memory"), value: mebibytes(host.memory.total_mib) },
        { id: "manager", term: _("Manager"), value: manager(host, engine) },
    ];
    return (
        <Card component="section">
            <CardTitle component="h2">{_("This host")}</CardTitle>
            <CardBody><Facts facts={facts} /></CardBody>
        </Card>
    );
}
