// SPDX-License-Identifier: Apache-2.0
import { Alert } from "@patternfly/react-core/dist/esm/components/Alert/index.js";
import { Breadcrumb, BreadcrumbItem } from "@patternfly/react-core/dist/esm/components/Breadcrumb/index.js";
import { bytes, duration, number, percent } from "../../format";
import { _ } from "../../i18n";
import { share, span } from "../data/history";
import type { EngineEvent, Host, Statistic } from "../data/model";
import { href } from "../route";
import { useLive, usePicture } from "../shell/context";
import { useNow } from "../time";
import { EventList } from "../widgets/event-list";
import { Facts } from "../widgets/facts";
import { Empty, WhenLoaded } from "../widgets/notice";
import { PageHeader } from "../widgets/page-header";
import { Panel } from "../widgets/panel";
import { Sparkline } from "../widgets/sparkline";
import { StatusLabel } from "../widgets/status-label";
import { Words } from "../widgets/words";
import { hostStatus, type Meaning } from "../words";
import { GuestTable } from "./guests";

const ALERTS: Record<Meaning["tone"], "info" | "warning" | "danger"> = {
    ok: "info", busy: "info", idle: "info", unknown: "warning", warning: "warning", danger: "danger",
};

function State({ host, meaning }: { host: Host; meaning: Meaning }) {
    if (host.status === "up") return null;
    return (
        <Alert isInline variant={ALERTS[meaning.tone]} title={meaning.meaning} component="p">
            {meaning.next && <p><Words text={meaning.next} /></p>}
            {/* The agent's or the network's own words. */}
            {host.statusDetail && <p className="rhv-muted" lang="en">{host.statusDetail}</p>}
        </Alert>
    );
}

function Chart({ host, field }: { host: Host; field: "cpu" | "memory" }) {
    const samples = useLive().samples(host.id);
    const { cpu, memoryUsed, memoryTotal } = host.load;
    const value = field === "cpu" ? cpu : share(memoryUsed, memoryTotal);
    const title = field === "cpu" ? _("CPU") : _("Memory");
    return (
        <figure className="rhv-chart">
            <figcaption className="rhv-chart__caption">
                <span className="rhv-chart__title">{title}</span>
                <strong className="rhv-chart__value">{value === null ? "–" : percent(value / 100)}</strong>
                {field === "memory" && memoryUsed !== null && memoryTotal !== null && (
                    <span className="rhv-muted">{_("{used} of {total}", { used: bytes(memoryUsed), total: bytes(memoryTotal) })}</span>
                )}
            </figcaption>
            <Sparkline samples={samples} field={field} title={title} size="large" />
            <div className="rhv-chart__axis rhv-muted" aria-hidden="true">
                <span>{_("{duration} ago", { duration: duration(span(samples) / 1000) })}</span><span>{_("now")}</span>
            </div>
        </figure>
    );
}

function statistic(statistics: readonly Statistic[], name: string): number | null {
    return statistics.find(entry => entry.name === name)?.value ?? null;
}

function Details({ host }: { host: Host }) {
    const now = useNow();
    const load = statistic(host.statistics, "cpu.load.avg.5m");
    const swapUsed = statistic(host.statistics, "swap.used");
    const swapTotal = statistic(host.statistics, "swap.total");
    return (
        <Facts facts={[
            { term: _("Address"), value: host.port === null ? host.address : `${host.address}:${host.port}` },
            { term: _("Running for"), value: host.bootTime === null || host.status !== "up" ? null : duration((now - host.bootTime) / 1000) },
            { term: _("Operating system"), value: host.os },
            { term: _("Processor"), value: [host.cpuModel, host.cpus === null ? "" : _("{n} logical CPUs", { n: host.cpus })].filter(Boolean).join(", ") },
            { term: _("Load average, 5 minutes"), value: load === null ? null : number(load, 2) },
            { term: _("Memory"), value: host.load.memoryTotal === null ? null : bytes(host.load.memoryTotal) },
            {
                term: _("Swap"),
                value: swapTotal === null ? null : swapTotal === 0 ? _("none") : _("{used} of {total}", { used: bytes(swapUsed ?? 0), total: bytes(swapTotal) }),
            },
            { term: _("Agent"), value: host.version },
            { term: _("libvirt"), value: host.libvirt },
            { term: _("Identity"), value: <code className="rhv-id">{host.id}</code> },
        ]} />
    );
}

function HostEvents({ host, events }: { host: Host; events: readonly EngineEvent[] }) {
    const mine = events.filter(({ hostId }) => hostId === host.id).slice(0, 8);
    return mine.length === 0
        ? <p className="rhv-muted">{_("Nothing has happened on this host yet.")}</p>
        : <EventList events={mine} label={_("Events of this host")} />;
}

export function HostDetails({ id }: { id: string }) {
    const { hosts, guests, events } = usePicture();
    const missing = (
        <>
            <PageHeader title={_("Host")} />
            <Empty title={_("There is no such host")}>
                {_("It may have been removed from this Manager.")} <a href={href("hosts")}>{_("All hosts")}</a>
            </Empty>
        </>
    );
    return (
        <WhenLoaded loaded={hosts} empty={missing}>
            {all => {
                const host = all.find(item => item.id === id);
                if (!host) return missing;
                const meaning = hostStatus(host.status);
                const here = (guests.data ?? []).filter(({ hostId }) => hostId === host.id);
                return (
                    <>
                        <Breadcrumb aria-label={_("Path")}>
                            <BreadcrumbItem to={href("hosts")}>{_("Hosts")}</BreadcrumbItem>
                            <BreadcrumbItem isActive>{host.name}</BreadcrumbItem>
                        </Breadcrumb>
                        <PageHeader title={host.name} badge={<StatusLabel meaning={meaning} />} />
                        <State host={host} meaning={meaning} />
                        <div className={host.status === "up" ? "rhv-grid" : ""}>
                            {host.status === "up" && (
                                <Panel title={_("Load")}>
                                    <div className="rhv-charts"><Chart host={host} field="cpu" /><Chart host={host} field="memory" /></div>
                                </Panel>
                            )}
                            <Panel title={_("Details")}><Details host={host} /></Panel>
                        </div>
                        <Panel title={_("Guests on this host")}>
                            {here.length === 0
                                ? <p className="rhv-muted">{_("No guest is on this host now.")}</p>
                                : <GuestTable guests={here} hosts={null} />}
                        </Panel>
                        <Panel title={_("Events of this host")} aside={<a href={href("events", undefined, { host: host.id })}>{_("All events of this host")}</a>}>
                            <HostEvents host={host} events={events.data ?? []} />
                        </Panel>
                    </>
                );
            }}
        </WhenLoaded>
    );
}
