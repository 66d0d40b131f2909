// SPDX-License-Identifier: Apache-2.0
// What the list shows and how, as options of the page's address: #/guests?search=web&state=running&sort=-cpu&columns=name,cpu
import type { Query } from "../app/route";
import { GROUPS, type Group, type Guest } from "./states";

export const COLUMNS = ["name", "state", "cpu", "memory", "disk", "network", "addresses", "uptime", "autostart", "owner"] as const;
export type Column = (typeof COLUMNS)[number];
export const OWNERS: readonly Guest["owner"][] = ["local", "engine", "managed"];

export interface Wanted {
    search: string;
    state: Group | null;
    owner: Guest["owner"] | null;
    sort: Column;
    descending: boolean;
    /** The name is always among them. */
    columns: readonly Column[];
}

export const DEFAULT: Wanted = { search: "", state: null, owner: null, sort: "name", descending: false, columns: COLUMNS };

function known<T extends string>(values: readonly T[], text: string | undefined): T | null {
    return values.find(value => value === text) ?? null;
}

/** What nobody can mean is as if it were not there: an address may be old or typed by hand. */
export function parseQuery(query: Query): Wanted {
    const sort = query.sort ?? "";
    const descending = sort.startsWith("-");
    const listed = query.columns?.split(",");
    return {
        search: query.search ?? "",
        state: known(GROUPS, query.state),
        owner: known(OWNERS, query.owner),
        sort: known(COLUMNS, descending ? sort.slice(1) : sort) ?? DEFAULT.sort,
        descending: descending && known(COLUMNS, sort.slice(1)) !== null,
        columns: listed ? COLUMNS.filter(column => column === "name" || listed.includes(column)) : COLUMNS,
    };
}

/** The options that give `wanted` back; what is as always is left out. */
export function toQuery({ search, state, owner, sort, descending, columns }: Wanted): Query {
    return {
        ...(search !== "" && { search }),
        ...(state !== null && { state }),
        ...(owner !== null && { owner }),
        ...((sort !== DEFAULT.sort || descending) && { sort: descending ? `-${sort}` : sort }),
        ...(columns.length < COLUMNS.length && { columns: columns.join(",") }),
    };
}

/** Sorting by a column for the first time: names from A on, figures from the largest. */
export function sortedBy(wanted: Wanted, column: Column): Wanted {
    if (wanted.sort === column)
        return { ...wanted, descending: !wanted.descending };
    return { ...wanted, sort: column, descending: !["name", "state", "addresses", "autostart", "owner"].includes(column) };
}

export function isFiltered({ search, state, owner }: Wanted): boolean {
    return search.trim() !== "" || state !== null || owner !== null;
}
