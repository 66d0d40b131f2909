// SPDX-License-Identifier: Apache-2.0
// What a schema cannot say: in which step a field stands, when it is shown, and the words of its values and patterns.
// Fields without an entry get a widget from their type alone, so a profile may bring fields this file never heard of.
import type { Answers } from "../generated/answers";
import { _ } from "../i18n";
import type { Raw } from "./raw";

export type StepId = "engine" | "network" | "storage";

/** Sections of the answers document, by step; a section that is not named here joins the last step. */
export const STEP_SECTIONS: Record<StepId, readonly string[]> = {
    engine: ["engine", "host"],
    network: ["network"],
    storage: ["storage", "image"],
};

export const STEP_IDS: readonly StepId[] = ["engine", "network", "storage"];

type Read = (path: string) => Raw | undefined;

export interface OptionText {
    label: string;
    description?: string;
}

export interface Rule {
    widget?: "textarea" | "radio";
    /** Under "More settings": most people leave it alone. */
    more?: boolean;
    shown?: (read: Read) => boolean;
    required?: (read: Read) => boolean;
    pattern?: () => string;
    options?: () => Record<string, OptionText>;
    /** Narrow inputs say how much is expected. */
    width?: "short" | "medium";
}

type Paths<T> = { [S in keyof T & string]: NonNullable<T[S]> extends object
    ? `${S}.${keyof NonNullable<T[S]> & string}`
    : never }[keyof T & string];

export type AnswerPath = Paths<Answers>;

const isStatic = (read: Read) => read("network.mode") === "static";
const isKind = (kind: string) => (read: Read) => read("storage.kind") === kind;
const isDirectory = isKind("directory");
const isNfs = isKind("nfs");
const isLvm = isKind("lvm");
const isIscsi = isKind("iscsi");
const nameRule = () => _("Use letters, digits, dots, hyphens and underscores; begin with a letter or digit.");
const pathRule = () => _("Enter an absolute path, beginning with a slash.");

const RULES: Partial<Record<AnswerPath, Rule>> = {
    "engine.name": { more: true, pattern: nameRule, width: "medium" },
    "engine.vcpus": { width: "short" },
    "engine.memory_mib": { width: "short" },
    "engine.disk_gib": { width: "short" },
    "engine.root_ssh_key": {
        more: true,
        widget: "textarea",
        pattern: () => _("Enter one line in OpenSSH's format, beginning with ssh-, ecdsa- or sk-."),
    },
    "engine.patience_s": { more: true, width: "short" },
    "network.kind": {
        widget: "radio",
        options: () => ({
            bridge: {
                label: _("Bridge of this host"),
                description: _("The engine VM is a machine of its own on your network."),
            },
            nat: {
                label: _("NAT network of libvirt"),
                description: _("The engine VM hides behind this host."),
            },
        }),
    },
    "network.name": {
        width: "medium",
        pattern: () => _("Use letters, digits, dots, colons, hyphens and underscores."),
    },
    "network.mode": {
        widget: "radio",
        options: () => ({
            dhcp: { label: _("Automatic (DHCP)"), description: _("The network gives the engine VM its address.") },
            static: { label: _("Fixed address"), description: _("You choose the address; nobody else may use it.") },
        }),
    },
    "network.address": { shown: isStatic, required: isStatic, width: "medium" },
    "network.gateway": { shown: isStatic, required: isStatic, width: "medium" },
    "network.dns": { shown: isStatic },
    "network.mac": {
        more: true,
        width: "medium",
        pattern: () => _("Enter six pairs of hexadecimal digits, such as 52:54:00:12:34:56."),
    },
    "storage.kind": {
        widget: "radio",
        options: () => ({
            directory: {
                label: _("Directory of this host"),
                description: _("Quick to try. The engine can run on this host only."),
            },
            nfs: {
                label: _("NFS"),
                description: _("A server keeps the disk; it is mounted here with every start of the host."),
            },
            lvm: {
                label: _("LVM volume group"),
                description: _("A group of this host's disks. The engine can run on this host only."),
            },
            iscsi: {
                label: _("iSCSI LUN"),
                description: _("A storage server gives this host a disk."),
            },
        }),
    },
    "storage.path": { pattern: pathRule, shown: isDirectory },
    "storage.server": {
        shown: isNfs, required: isNfs, width: "medium",
        pattern: () => _("Enter a name or an address: letters, digits, dots, hyphens and colons."),
    },
    "storage.export": {
        shown: isNfs, required: isNfs,
        pattern: () => _("Enter the path that the server exports, beginning with a slash, without spaces."),
    },
    "storage.nfs_version": {
        shown: isNfs, more: true, width: "short",
        options: () => ({ auto: { label: _("Automatic") } }),
    },
    "storage.mount_options": {
        shown: isNfs, more: true,
        pattern: () => _("Enter names or name=value, separated by commas."),
    },
    "storage.volume_group": { shown: isLvm, required: isLvm, width: "medium" },
    "storage.portals": { shown: isIscsi, required: isIscsi },
    "storage.target": { shown: isIscsi, required: isIscsi },
    "storage.lun": { shown: isIscsi, required: isIscsi, width: "short" },
    "storage.wwid": { shown: isIscsi, required: isIscsi, width: "medium" },
    "storage.chap_user": { shown: isIscsi, more: true, width: "medium" },
    "storage.chap_reverse_user": { shown: isIscsi, more: true, width: "medium" },
    "accept.lun_content": { shown: () => false },
    "image.path": { more: true, pattern: pathRule },
    "host.name": { more: true, pattern: nameRule, width: "medium" },
    "host.address": { more: true, width: "medium" },
};

const NONE: Rule = {};

export function ruleFor(path: string): Rule {
    return (RULES as Partial<Record<string, Rule>>)[path] ?? NONE;
}

/** The words for a value that the schema enumerates. */
export function optionText(path: string, value: string): OptionText {
    return ruleFor(path).options?.()[value] ?? { label: value };
}
