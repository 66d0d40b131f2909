// SPDX-License-Identifier: Apache-2.0
// What the portal shows, read from the API once at the edge.

import type { Message } from "../../generated/wire";
import { type Json, child, date, list, num, str } from "./json";

/** One reading of a host or guest; null where it was not reported. */
export interface Load {
    /** 0 to 100. */
    cpu: number | null;
    memoryUsed: number | null;
    memoryTotal: number | null;
}

export interface Statistic {
    name: string;
    unit: string;
    value: number;
}

export interface Host {
    id: string;
    name: string;
    address: string;
    port: number | null;
    status: string;
    statusDetail: string;
    clusterId: string;
    os: string;
    cpuModel: string;
    cpus: number | null;
    version: string;
    libvirt: string;
    guests: number | null;
    bootTime: number | null;
    load: Load;
    statistics: Statistic[];
}

export interface Guest {
    id: string;
    name: string;
    status: string;
    statusDetail: string;
    hostId: string;
    vcpus: number | null;
    memory: number | null;
    isEngine: boolean;
    load: Load;
}

export type Severity = "normal" | "warning" | "error" | "alert";

export interface EngineEvent {
    id: string;
    severity: Severity;
    time: number | null;
    message: Message;
    code: number | null;
    hostId: string;
    guestId: string;
}

function statisticsOf(value: Json | undefined): Statistic[] {
    const found: Statistic[] = [];
    for (const entry of list(value, "statistic")) {
        const datum = num(list(entry, "values", "value")[0], "datum");
        if (datum !== null) found.push({ name: str(entry, "name"), unit: str(entry, "unit"), value: datum });
    }
    return found;
}

function pick(statistics: readonly Statistic[], name: string): number | null {
    return statistics.find(entry => entry.name === name)?.value ?? null;
}

const percent = (value: number): number => Math.min(100, Math.max(0, value));

function hostLoad(statistics: readonly Statistic[], memory: number | null): Load {
    const user = pick(statistics, "cpu.current.user");
    const system = pick(statistics, "cpu.current.system");
    return {
        cpu: user === null || system === null ? null : percent(user + system),
        memoryUsed: pick(statistics, "memory.used"),
        memoryTotal: pick(statistics, "memory.total") ?? memory,
    };
}

function guestLoad(statistics: readonly Statistic[], memory: number | null): Load {
    const cpu = pick(statistics, "cpu.current.total");
    return {
        cpu: cpu === null ? null : percent(cpu),
        memoryUsed: pick(statistics, "memory.used"),
        memoryTotal: pick(statistics, "memory.installed") ?? memory,
    };
}

function count(topology: Json | undefined): number | null {
    const sockets = num(topology, "sockets");
    const cores = num(topology, "cores");
    if (sockets === null && cores === null) return null;
    return (sockets ?? 1) * (cores ?? 1) * (num(topology, "threads") ?? 1);
}

/** The id of a reference such as `"cluster": {"id": …, "href": …}`. */
function reference(value: Json, name: string): string {
    return str(value, name, "id") || (str(value, name, "href").split("/").pop() ?? "");
}

export function parseHost(value: Json): Host {
    const statistics = statisticsOf(child(value, "statistics"));
    const boot = pick(statistics, "boot.time");
    return {
        id: str(value, "id"),
        name: str(value, "name"),
        address: str(value, "address"),
        port: num(value, "port"),
        status: str(value, "status") || "unassigned",
        statusDetail: str(value, "status_detail"),
        clusterId: reference(value, "cluster"),
        os: [str(value, "os", "type"), str(value, "os", "version", "full_version")].filter(Boolean).join(" "),
        cpuModel: str(value, "cpu", "name"),
        cpus: count(child(value, "cpu", "topology")),
        version: str(value, "version", "full_version"),
        libvirt: str(value, "libvirt_version", "full_version"),
        guests: num(value, "summary", "active"),
        bootTime: boot === null ? null : boot * 1000,
        load: hostLoad(statistics, num(value, "memory")),
        statistics,
    };
}

export function parseGuest(value: Json): Guest {
    const memory = num(value, "memory");
    const statistics = statisticsOf(child(value, "statistics"));
    return {
        id: str(value, "id"),
        name: str(value, "name"),
        status: str(value, "status") || "unknown",
        statusDetail: str(value, "status_detail"),
        hostId: reference(value, "host"),
        vcpus: count(child(value, "cpu", "topology")),
        memory,
        isEngine: str(value, "origin").endsWith("hosted_engine"),
        load: guestLoad(statistics, memory),
    };
}

const SEVERITIES: readonly Severity[] = ["normal", "warning", "error", "alert"];

/** The event's sentence as a template that can be translated; other engines send the finished sentence only. */
function messageOf(value: Json): Message {
    const template = str(value, "rhv_message", "text");
    // A doubled brace stands for one: the sentence must come out of the template unchanged.
    if (!template) return { id: "", text: str(value, "description").replace(/[{}]/g, "$&$&") };
    const params: Record<string, string | number> = {};
    for (const [name, param] of Object.entries(child(value, "rhv_message", "params") ?? {})) {
        if (typeof param === "string" || typeof param === "number") params[name] = param;
    }
    return { id: str(value, "rhv_message", "key"), text: template, params };
}

export function parseEvent(value: Json): EngineEvent {
    const severity = str(value, "severity");
    return {
        id: str(value, "id"),
        severity: SEVERITIES.find(known => known === severity) ?? "normal",
        time: date(value, "time"),
        message: messageOf(value),
        code: num(value, "code"),
        hostId: reference(value, "host"),
        guestId: reference(value, "vm"),
    };
}
