// SPDX-License-Identifier: Apache-2.0
// What is typed about a new guest, and what is sent of it.
import type { FieldError, MachinesCreateOptionsResult, MachinesCreateParams } from "../generated/wire";
import { _, text } from "../i18n";

export type Options = MachinesCreateOptionsResult;
export type Place = Options["places"][number];
export type Source = MachinesCreateParams["source"]["kind"];

export const SOURCES: readonly Source[] = ["iso", "image", "disk", "empty"];

/** Numbers as they are typed. */
export interface Typed {
    name: string;
    source: Source;
    path: string;
    folder: string;
    disk: string;
    memory: string;
    vcpus: string;
    /** kind and name of a network, or nothing. */
    network: string;
    firmware: "bios" | "efi";
    autostart: boolean;
    start: boolean;
    seeded: boolean;
    hostname: string;
    user: string;
    key: string;
    password: string;
}

/** Paths of machines.create to what is wrong there. */
export type Problems = Readonly<Record<string, string>>;

export function networkKey(network: { kind: string; name: string }): string {
    return `${network.kind}:${network.name}`;
}

export function initial(options: Options): Typed {
    const [network] = options.networks.filter(({ active }) => active);
    return {
        name: "",
        source: options.isos.length > 0 || options.images.length === 0 ? "iso" : "image",
        path: "",
        folder: options.places.find(({ free_bytes }) => free_bytes !== null)?.path ?? "",
        disk: String(options.disk_gib),
        memory: String(options.memory_mib.default),
        vcpus: String(options.vcpus.default),
        network: network ? networkKey(network) : "",
        firmware: options.firmwares[0] ?? "bios",
        autostart: false,
        start: true,
        seeded: false,
        hostname: "",
        user: "admin",
        key: "",
        password: "",
    };
}

/** A name as a host's: what cloud-init is told unless something else is typed. */
export function hostnameOf(name: string): string {
    return name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").slice(0, 63).replace(/^-+|-+$/g, "");
}

/** Whether disks there are devices, whose size is taken at once. */
export function isBlock(places: readonly Place[], folder: string): boolean {
    return places.some(({ path, block }) => block && path === folder.trim().replace(/\/+$/, ""));
}

export function needsPath(source: Source): boolean {
    return source !== "empty";
}

export function makesDisk(source: Source): boolean {
    return source !== "disk";
}

export function canBeSeeded(source: Source): boolean {
    return source === "image" || source === "disk";
}

function whole(typed: string): number | null {
    return /^\d{1,8}$/.test(typed.trim()) ? Number(typed) : null;
}

/** What can be said without asking the host. */
export function problems(typed: Typed): Problems {
    const found: Record<string, string> = {};
    if (typed.name.trim() === "")
        found.name = _("A guest needs a name.");
    if (needsPath(typed.source) && !typed.path.trim().startsWith("/"))
        found["source.path"] = _("Choose a file, or type its whole path, beginning with a slash.");
    // An image may stay as large as it is.
    if (makesDisk(typed.source) && whole(typed.disk) === null && !(typed.source === "image" && typed.disk.trim() === ""))
        found.disk_gib = _("This must be a whole number.");
    if (whole(typed.memory) === null)
        found.memory_mib = _("This must be a whole number.");
    if (whole(typed.vcpus) === null)
        found.vcpus = _("This must be a whole number.");
    return found;
}

export function toParams(typed: Typed): MachinesCreateParams {
    const [kind, ...rest] = typed.network.split(":");
    return {
        name: typed.name.trim(),
        source: { kind: typed.source, path: needsPath(typed.source) ? typed.path.trim() : null },
        folder: typed.folder.trim(),
        disk_gib: makesDisk(typed.source) ? whole(typed.disk) : null,
        memory_mib: whole(typed.memory) ?? 0,
        vcpus: whole(typed.vcpus) ?? 0,
        network: kind === "network" || kind === "bridge" ? { kind, name: rest.join(":") } : null,
        firmware: typed.firmware,
        autostart: typed.autostart,
        start: typed.start,
        cloud: typed.seeded && canBeSeeded(typed.source)
            ? { hostname: typed.hostname.trim() || hostnameOf(typed.name), user: typed.user.trim(), ssh_key: typed.key.trim(), password: typed.password }
            : null,
    };
}

/** The helper's answer: by field, in the reader's language. */
export function told(errors: readonly FieldError[]): Problems {
    return Object.fromEntries(errors.map(({ path, error }) =>
        [path, error.hint ? `${text(error.message)} ${text(error.hint)}` : text(error.message)]));
}
