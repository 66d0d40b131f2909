// SPDX-License-Identifier: Apache-2.0
// One frame, navigation by the location hash; Cockpit's shell mirrors it into the browser's address.
import { useSyncExternalStore } from "react";

export type Route =
    | { page: "engine" }
    | { page: "overview" }
    | { page: "networks" }
    /** Archives for whoever helps; the events of the host have an address of their own. */
    | { page: "logs" }
    /** `query`: which events, see logs/query.ts. */
    | { page: "events"; query: Query }
    /** `query`: what the list shows and how, see guests/query.ts. */
    | { page: "guests"; query: Query }
    /** `query`: of the list that led there, to go back to. */
    | { page: "guest"; uuid: string; query: Query }
    | { page: "storage" }
    /** One storage domain and what is on it. */
    | { page: "pool"; uuid: string }
    /** A new guest, and a copy of one. */
    | { page: "create" }
    | { page: "clone"; uuid: string }
    /** One guest's console alone, in a window of its own. */
    | { page: "console"; uuid: string; type: "vnc" | "serial" }
    /** `resume`: the job whose deployment is gone on with, with other answers. */
    | { page: "deploy"; step: string | null; resume?: string }
    /** `from`: where a remedy was asked for, another job, the wizard's review or the overview; the job's page leads back there. */
    | { page: "job"; id: string; from?: string };

/** What `from` says when a remedy was asked for in the wizard's review. */
export const FROM_REVIEW = "review";

/** … in the wizard's network step … */
export const FROM_NETWORK_STEP = "network-step";

/** … and when it was asked for in the overview. */
export const FROM_OVERVIEW = "overview";

/** … and when it was started among the logs. */
export const FROM_LOGS = "logs";

/** … and when a guest is made by it. */
export const FROM_GUESTS = "guests";

type Options = Record<string, string | string[]>;
export type Query = Readonly<Record<string, string>>;

function option(options: Options, name: string): string | undefined {
    const value = options[name];
    return typeof value === "string" && value !== "" ? value : undefined;
}

/** The options that are given once, which is all this page ever writes. */
function single(options: Options): Query {
    return Object.fromEntries(Object.entries(options).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
}

export function parseRoute(path: readonly string[], options: Options = {}): Route {
    const [section, rest] = path;
    const resume = option(options, "resume");
    const from = option(options, "from");
    if (section === "engine")
        return { page: "engine" };
    if (section === "guests" && rest === "new")
        return { page: "create" };
    if (section === "guests" && rest !== undefined && path[2] === "clone")
        return { page: "clone", uuid: rest };
    if (section === "guests" && rest !== undefined)
        return { page: "guest", uuid: rest, query: single(options) };
    if (section === "guests")
        return { page: "guests", query: single(options) };
    if (section === "storage")
        return rest === undefined ? { page: "storage" } : { page: "pool", uuid: rest };
    if (section === "networks")
        return { page: "networks" };
    if (section === "logs")
        return { page: "logs" };
    if (section === "events")
        return { page: "events", query: single(options) };
    if (section === "console" && rest !== undefined)
        return { page: "console", uuid: rest, type: option(options, "type") === "serial" ? "serial" : "vnc" };
    if (section === "deploy")
        return { page: "deploy", step: rest ?? null, ...(resume !== undefined && { resume }) };
    if (section === "jobs" && rest !== undefined)
        return { page: "job", id: rest, ...(from !== undefined && { from }) };
    return { page: "overview" };
}

function pathOf(route: Route): string[] {
    switch (route.page) {
    case "overview": return [];
    case "engine": return ["engine"];
    case "guests": return ["guests"];
    case "guest": return ["guests", route.uuid];
    case "storage": return ["storage"];
    case "pool": return ["storage", route.uuid];
    case "networks": return ["networks"];
    case "create": return ["guests", "new"];
    case "clone": return ["guests", route.uuid, "clone"];
    case "logs": return ["logs"];
    case "events": return ["events"];
    case "console": return ["console", route.uuid];
    case "deploy": return route.step === null ? ["deploy"] : ["deploy", route.step];
    case "job": return ["jobs", route.id];
    }
}

function optionsOf(route: Route): Query {
    if (route.page === "guests" || route.page === "guest" || route.page === "events")
        return route.query;
    if (route.page === "console")
        return { type: route.type };
    if (route.page === "deploy" && route.resume !== undefined)
        return { resume: route.resume };
    if (route.page === "job" && route.from !== undefined)
        return { from: route.from };
    return {};
}

export function go(route: Route): void {
    cockpit.location.go(pathOf(route), optionsOf(route));
}

/** Goes there without a new entry in the browser's history: for what changes at each key. */
export function amend(route: Route): void {
    cockpit.location.replace(pathOf(route), optionsOf(route));
}

export function href(route: Route): string {
    const query = new URLSearchParams(optionsOf(route)).toString();
    return `#/${pathOf(route).map(encodeURIComponent).join("/")}${query === "" ? "" : `?${query}`}`;
}

/** Where a job's page leads back to. */
export function backTo(from: string): Route {
    switch (from) {
    case FROM_REVIEW: return { page: "deploy", step: "review" };
    case FROM_NETWORK_STEP: return { page: "deploy", step: "network" };
    case FROM_OVERVIEW: return { page: "overview" };
    case FROM_LOGS: return { page: "logs" };
    case FROM_GUESTS: return { page: "guests", query: {} };
    default: return { page: "job", id: from };
    }
}

function subscribe(listener: () => void): () => void {
    cockpit.addEventListener("locationchanged", listener);
    return () => cockpit.removeEventListener("locationchanged", listener);
}

export function currentRoute(): Route {
    return parseRoute(cockpit.location.path, cockpit.location.options);
}

export function useRoute(): Route {
    // A string, so that equal locations are the same snapshot.
    const location = useSyncExternalStore(subscribe, () => JSON.stringify([cockpit.location.path, cockpit.location.options]));
    return parseRoute(...JSON.parse(location) as [string[], Options]);
}
