// SPDX-License-Identifier: Apache-2.0
// Which guests the list shows, in which order.
import { language } from "../i18n";
import { GROUPS, groupOf, type Guest } from "./states";
import { OWNERS, type Column, type Wanted } from "./query";

/** The sum of two rates; null when neither is known. */
export function both(one: number | undefined, other: number | undefined): number | null {
    return one === undefined && other === undefined ? null : (one ?? 0) + (other ?? 0);
}

/** Whether each word of the search is in the guest's name, addresses, MAC addresses or UUID. */
function matcher(search: string): (guest: Guest) => boolean {
    const words = search.toLowerCase().split(/\s+/).filter(word => word !== "");
    if (words.length === 0)
        return () => true;
    return ({ name, uuid, macs, addresses }) => {
        const text = [name, uuid, ...macs, ...(addresses ?? [])].join("\n").toLowerCase();
        return words.every(word => text.includes(word));
    };
}

/** A figure to sort by; null where there is none, which comes last in either direction. */
function figure(column: Column, guest: Guest): number | null {
    switch (column) {
    case "state": return GROUPS.indexOf(groupOf(guest));
    case "owner": return OWNERS.indexOf(guest.owner);
    case "autostart": return guest.autostart ? 0 : 1;
    case "cpu": return guest.cpu_percent ?? null;
    case "memory": return guest.memory_mib;
    case "disk": return both(guest.disk_read_bytes_s, guest.disk_write_bytes_s);
    case "network": return both(guest.net_rx_bytes_s, guest.net_tx_bytes_s);
    // Who was started last has run shortest.
    case "uptime": return guest.started_s === undefined ? null : -guest.started_s;
    case "addresses": return addressOrder(guest.addresses?.[0]);
    case "name": return null;
    }
}

function addressOrder(address: string | undefined): number | null {
    if (address === undefined)
        return null;
    const parts = address.split(".").map(Number);
    return parts.length === 4 ? parts.reduce((sum, part) => sum * 256 + part, 0) : Number.MAX_SAFE_INTEGER;
}

export function selectGuests(guests: readonly Guest[], wanted: Wanted): Guest[] {
    const { sort, state, owner, descending } = wanted;
    const matches = matcher(wanted.search);
    const collator = new Intl.Collator(language(), { numeric: true, sensitivity: "base" });
    const byName = (a: Guest, b: Guest) => collator.compare(a.name, b.name) || (a.uuid < b.uuid ? -1 : 1);
    const found = guests.filter(guest =>
        (state === null || groupOf(guest) === state) && (owner === null || guest.owner === owner) && matches(guest));
    if (sort === "name")
        return found.sort(descending ? (a, b) => byName(b, a) : byName);
    const sign = descending ? -1 : 1;
    return found.map(guest => ({ guest, key: figure(sort, guest) })).sort((a, b) => {
        if (a.key === null || b.key === null)
            return Number(a.key === null) - Number(b.key === null) || byName(a.guest, b.guest);
        return (a.key - b.key) * sign || byName(a.guest, b.guest);
    }).map(({ guest }) => guest);
}
