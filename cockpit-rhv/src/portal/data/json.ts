// SPDX-License-Identifier: Apache-2.0
// Reading the oVirt JSON API without trusting it: booleans and integers arrive as strings, a missing element is a
// missing key, and a list is an object with one key in the singular.

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export function child(value: Json | undefined, ...path: string[]): Json | undefined {
    let here = value;
    for (const key of path) {
        if (here === null || typeof here !== "object" || Array.isArray(here)) return undefined;
        here = here[key];
    }
    return here;
}

export function str(value: Json | undefined, ...path: string[]): string {
    const found = child(value, ...path);
    if (typeof found === "string") return found;
    return typeof found === "number" || typeof found === "boolean" ? String(found) : "";
}

/** A number, or null when it is absent or not one. */
export function num(value: Json | undefined, ...path: string[]): number | null {
    const found = child(value, ...path);
    if (typeof found === "number") return Number.isFinite(found) ? found : null;
    if (typeof found !== "string" || found.trim() === "") return null;
    const parsed = Number(found);
    return Number.isFinite(parsed) ? parsed : null;
}

export function bool(value: Json | undefined, ...path: string[]): boolean {
    const found = child(value, ...path);
    return found === true || found === "true";
}

/** A date in epoch milliseconds; the API writes a number, other servers of it an ISO string. */
export function date(value: Json | undefined, ...path: string[]): number | null {
    const asNumber = num(value, ...path);
    if (asNumber !== null) return asNumber;
    const parsed = Date.parse(str(value, ...path));
    return Number.isNaN(parsed) ? null : parsed;
}

export function list(value: Json | undefined, ...path: string[]): Json[] {
    const found = child(value, ...path);
    if (Array.isArray(found)) return found;
    return found === undefined || found === null ? [] : [found];
}
