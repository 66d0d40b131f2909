// SPDX-License-Identifier: Apache-2.0
// What the parts of the networks' page share.
import type { LibvirtNetwork, NetworkLink, Networks } from "../generated/wire";
import type { Live } from "../rpc/merge";

export type HostNetworks = Live<Networks>;
export type Link = Live<NetworkLink>;
export type VirtualNetwork = Live<LibvirtNetwork>;

/** What is built upon cards: it has members. */
export function isBuilt({ kind }: Pick<Link, "kind">): boolean {
    return kind === "bridge" || kind === "bond" || kind === "vlan";
}

/** By name, numbers in their order: eth2 before eth10. */
export function byName(one: Pick<Link, "name">, other: Pick<Link, "name">): number {
    return one.name.localeCompare(other.name, "en", { numeric: true });
}
