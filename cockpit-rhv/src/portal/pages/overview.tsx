// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";
import { CheckCircleIcon } from "@patternfly/react-icons/dist/esm/icons/check-circle-icon.js";
import { ExclamationTriangleIcon } from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon.js";
import { InProgressIcon } from "@patternfly/react-icons/dist/esm/icons/in-progress-icon.js";
import { bytes, number, percent } from "../../format";
import { _, plural } from "../../i18n";
import { engineVersion } from "../data/api";
import { share } from "../data/history";
import type { Guest, Host } from "../data/model";
import { href } from "../route";
import { usePicture } from "../shell/context";
import { EventList } from "../widgets/event-list";
import { Facts } from "../widgets/facts";
import { Meter } from "../widgets/meter";
import { WhenLoaded } from "../widgets/notice";
import { PageHeader } from "../widgets/page-header";
import { Panel } from "../widgets/panel";
import { StatusLabel } from "../widgets/status-label";
import { Words } from "../widgets/words";
import { guestStatus, hostStatus, type Meaning } from "../words";
import { NoHosts } from "./hosts";

const NEEDS: ReadonlySet<Meaning["tone"]> = new Set(["warning", "danger", "unknown"]);
const NAMES_SHOWN = 5;

interface Concern {
    key: string;
    meaning: Meaning;
    names: { name: string; link: string }[];
}

/** What needs attention, one entry a state. Guests whose host is lost are not counted again. */
function concerns(hosts: readonly Host[], guests: readonly Guest[]): Concern[] {
    const upHosts = new Set(hosts.filter(({ status }) => status === "up").map(({ id }) => id));
    const found = new Map<string, Concern>();
    const add = (key: string, meaning: Meaning, name: string, link: string): void => {
        if (!NEEDS.has(meaning.tone)) return;
        const concern = found.get(key) ?? { key, meaning, names: [] };
        found.set(key, concern);
        concern.names.push({ name, link });
    };
    for (const { id, name, status } of hosts) add(`host ${status}`, hostStatus(status), name, href("hosts", id));
    for (const { name, status, hostId } of guests) {
        if (hostId && !upHosts.has(hostId)) continue;
        add(`guest ${status}`, guestStatus(status), name, href("guests", undefined, { status, search: name }));
    }
    return Array.from(found.values());
}

function ConcernItem({ concern: { meaning, names } }: { concern: Concern }) {
    return (
        <li className="rhv-concern">
            <span className="rhv-concern__head">
                <StatusLabel meaning={meaning} />
                {names.slice(0, NAMES_SHOWN).map(({ name, link }) => <a key={link} href={link}>{name}</a>)}
                {names.length > NAMES_SHOWN && <span>{_("and {count} more", { count: names.length - NAMES_SHOWN })}</span>}
            </span>
            <span><Words text={`${meaning.meaning} ${meaning.next}`} /></span>
        </li>
    );
}

/** The page's first sentence: is everything well? */
function Health({ hosts, guests }: { hosts: readonly Host[]; guests: readonly Guest[] }) {
    const found = concerns(hosts, guests);
    const busy = hosts.filter(({ status }) => hostStatus(status).tone === "busy");
    if (found.length > 0) {
        const total = found.reduce((sum, { names }) => sum + names.length, 0);
        return (
            <section className="rhv-health rhv-m-warning" aria-labelledby="health">
                <h2 className="rhv-health__line" id="health">
                    <ExclamationTriangleIcon />
                    {plural("{count} thing needs your attention", "{count} things need your attention", total)}
                </h2>
                <ul className="rhv-concerns">{found.map(concern => <ConcernItem key={concern.key} concern={concern} />)}</ul>
            </section>
        );
    }
    const settled = busy.length === 0;
    return (
        <section className={`rhv-health ${settled ? "rhv-m-ok" : "rhv-m-busy"}`} aria-labelledby="health">
            <h2 className="rhv-health__line" id="health">
                {settled ? <CheckCircleIcon /> : <InProgressIcon />}
                {settled
                    ? _("Nothing needs your attention")
                    : plural("{count} host is on its way up", "{count} hosts are on their way up", busy.length)}
            </h2>
        </section>
    );
}

function Total({ title, link, up, of }: { title: string; link: string; up: number; of: string }) {
    return (
        <a className="rhv-total" href={link}>
            <span className="rhv-total__title">{title}</span>
            <span className="rhv-total__numbers">
                <strong className="rhv-total__up">{number(up)}</strong>
                <span className="rhv-muted">{of}</span>
            </span>
        </a>
    );
}

/** The load of all hosts that are up, together. */
function Capacity({ hosts }: { hosts: readonly Host[] }) {
    const up = hosts.filter(({ status, load }) => status === "up" && load.cpu !== null);
    const cpus = up.reduce((sum, { cpus }) => sum + (cpus ?? 1), 0);
    const cpu = cpus === 0 ? null : up.reduce((sum, host) => sum + (host.load.cpu ?? 0) * (host.cpus ?? 1), 0) / cpus;
    const used = up.reduce((sum, { load }) => sum + (load.memoryUsed ?? 0), 0);
    const total = up.reduce((sum, { load }) => sum + (load.memoryTotal ?? 0), 0);
    const memory = share(used, total);
    if (cpu === null || memory === null) return <p className="rhv-muted">{_("The load is shown while a host is up.")}</p>;
    const rows = [
        { title: _("CPU"), value: cpu, text: percent(cpu / 100), of: plural("of {count} CPU", "of {count} CPUs", cpus) },
        { title: _("Memory"), value: memory, text: bytes(used), of: _("of {total}", { total: bytes(total) }) },
    ];
    return (
        <dl className="rhv-capacity">
            {rows.map(({ title, value, text, of }) => (
                <div key={title} className="rhv-capacity__row">
                    <dt>{title}</dt>
                    <dd>
                        <span><strong>{text}</strong> <span className="rhv-muted">{of}</span></span>
                        <Meter value={value} label={title} text={`${text} ${of}`} />
                    </dd>
                </div>
            ))}
        </dl>
    );
}

function About() {
    const { link } = usePicture();
    const [version, setVersion] = useState("");
    useEffect(() => {
        let wanted = true;
        engineVersion().then(found => {
            if (wanted) setVersion(found);
        }, () => undefined);
        return () => {
            wanted = false;
        };
    }, []);
    return (
        <Facts stacked facts={[
            { term: _("Address"), value: location.host },
            { term: _("Version"), value: version },
            { term: _("API"), value: <a href="/ovirt-engine/api">/ovirt-engine/api</a> },
            {
                term: _("Updates"),
                value: link === "stream" ? _("At once") : link === "polling" ? _("Every 5 seconds") : _("Waiting for the Manager"),
            },
        ]} />
    );
}

export function Overview() {
    const { hosts, guests, events } = usePicture();
    const upHosts = (hosts.data ?? []).filter(({ status }) => status === "up").length;
    const upGuests = (guests.data ?? []).filter(({ status }) => status === "up").length;
    return (
        <>
            <PageHeader title={_("Overview")} />
            <WhenLoaded loaded={hosts} empty={<NoHosts />}>
                {all => (
                    <>
                        <Health hosts={all} guests={guests.data ?? []} />
                        <div className="rhv-totals">
                            <Total title={_("Hosts")} link={href("hosts")} up={upHosts} of={_("of {all} up", { all: all.length })} />
                            <Total title={_("Guests")} link={href("guests")} up={upGuests} of={_("of {all} running", { all: guests.data?.length ?? 0 })} />
                            <div className="rhv-total"><span className="rhv-total__title">{_("Load of the hosts")}</span><Capacity hosts={all} /></div>
                        </div>
                    </>
                )}
            </WhenLoaded>
            <div className="rhv-grid rhv-m-main-first">
                <Panel title={_("Recent events")} aside={<a href={href("events")}>{_("All events")}</a>}>
                    <WhenLoaded loaded={events} empty={<p className="rhv-muted">{_("Nothing has happened yet.")}</p>}>
                        {found => <EventList events={found.slice(0, 8)} label={_("Recent events")} />}
                    </WhenLoaded>
                </Panel>
                <Panel title={_("About this Manager")}><About /></Panel>
            </div>
        </>
    );
}
