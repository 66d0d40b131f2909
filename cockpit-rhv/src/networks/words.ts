// SPDX-License-Identifier: Apache-2.0
// What the parts of the host's networks are called.
import { number } from "../format";
import { _ } from "../i18n";
import type { Tone } from "../common/Status";
import type { Link, VirtualNetwork } from "./types";

export function kindWord(kind: Link["kind"]): string {
    switch (kind) {
    case "ethernet": return _("Network card");
    case "bridge": return _("Bridge");
    case "bond": return _("Bond");
    case "vlan": return _("VLAN");
    case "tun": return _("Tunnel");
    case "virtual": return _("Virtual card");
    case "loopback": return _("Loopback");
    }
}

/** 100 → "100 Mbit/s", 2500 → "2.5 Gbit/s". */
export function speed(mbps: number): string {
    return mbps < 1000
        ? _("{speed} Mbit/s", { speed: number(mbps) })
        : _("{speed} Gbit/s", { speed: number(mbps / 1000, 1) });
}

/** State of a link, as icon and word. `needed`: something is built upon it, and suffers. */
export function linkState({ enabled, link }: Pick<Link, "enabled" | "link">, needed: boolean): { tone: Tone; word: string } {
    if (!enabled)
        return { tone: "off", word: _("Off") };
    switch (link) {
    case "up": return { tone: "good", word: _("Link up") };
    case "down": return { tone: needed ? "bad" : "off", word: _("No link") };
    case "unknown": return { tone: "unknown", word: _("Unknown") };
    }
}

/** The kernel's name of a bond's mode, with the number that RHV calls it by. */
export function bondMode(mode: string): string {
    const modes = ["balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"];
    const found = modes.indexOf(mode);
    return found < 0 ? mode : _("mode {number}: {name}", { number: found, name: mode });
}

/** As every tool calls it where that fits: the kernel takes 15 characters. */
export function vlanName(on: string, tag: string): string {
    const usual = `${on}.${tag}`;
    return usual.length <= 15 ? usual : `vlan${tag}`;
}

export function ownerWord(kind: Link["owner"]["kind"]): string {
    switch (kind) {
    case "networkmanager": return "NetworkManager";
    case "ifupdown": return "ifupdown";
    case "networkd": return "systemd-networkd";
    case "libvirt": return "libvirt";
    case "vdsm": return _("VDSM, for a Manager");
    case "nobody": return _("Nobody");
    case "unknown": return _("Unknown");
    }
}

/** How the guests of a libvirt network reach others. */
export function forwardWord({ forward, device }: Pick<VirtualNetwork, "forward" | "device">): string {
    switch (forward) {
    case "nat": return device === undefined ? _("behind this host's address (NAT)") : _("behind the address of {name} (NAT)", { name: device });
    case "route": return _("routed");
    case "open": return _("routed, without rules of the firewall");
    case "bridge": return _("on a bridge of the host");
    case "isolated": return _("isolated: each other and this host only");
    default: return forward;
    }
}
