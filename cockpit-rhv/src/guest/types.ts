// SPDX-License-Identifier: Apache-2.0
// What the parts of a guest's page share.
import type { GuestDefinition, GuestDetails, GuestDisk, GuestNic, GuestSnapshot } from "../generated/wire";
import type { Guest } from "../guests/states";
import type { Live } from "../rpc/merge";

export type Details = Live<GuestDetails>;
export type Definition = Live<GuestDefinition>;
export type Disk = Live<GuestDisk>;
export type Nic = Live<GuestNic>;
export type Snapshot = Live<GuestSnapshot>;

export interface CardProps {
    guest: Guest;
    details: Details;
    /** Nothing can be changed: a Manager governs the guest, the user may not, or nobody knows its state. */
    locked: boolean;
}

/** What the guest is made of now: as it runs, or as it would start. */
export function now({ live, stored }: Details): Definition | undefined {
    return live ?? stored;
}

/** Devices of the running and of the stored definition, those of the running one first. */
export function devices<D extends { key: string }>(live: readonly D[] | undefined, stored: readonly D[] | undefined): { live?: D; stored?: D; key: string }[] {
    const found = new Map<string, { live?: D; stored?: D; key: string }>();
    for (const device of live ?? [])
        found.set(device.key, { key: device.key, live: device });
    for (const device of stored ?? [])
        found.set(device.key, { ...found.get(device.key), key: device.key, stored: device });
    return [...found.values()];
}
