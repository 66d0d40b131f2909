// SPDX-License-Identifier: Apache-2.0
// Where in the portal we are: `#/hosts/<id>?search=…`. The hash, because the Manager serves one document and the
// location must outlive a login.

import { useSyncExternalStore } from "react";

export const PAGES = ["overview", "hosts", "guests", "events", "console"] as const;
export type PageName = typeof PAGES[number];

export interface Route {
    page: PageName;
    /** The object a details page shows. */
    id: string | null;
    params: URLSearchParams;
}

function parse(hash: string): Route {
    const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
    const [name = "", id = ""] = path.split("/");
    let decoded = id;
    try {
        decoded = decodeURIComponent(id);
    } catch {
        // A broken escape is taken as it stands: the details page then says that there is no such object.
    }
    return { page: PAGES.find(page => page === name) ?? "overview", id: decoded || null, params: new URLSearchParams(query) };
}

let current = { hash: "\0", route: parse("") };
const listeners = new Set<() => void>();

function snapshot(): Route {
    if (current.hash !== location.hash) current = { hash: location.hash, route: parse(location.hash) };
    return current.route;
}

function subscribe(listener: () => void): () => void {
    listeners.add(listener);
    window.addEventListener("hashchange", listener);
    return () => {
        listeners.delete(listener);
        window.removeEventListener("hashchange", listener);
    };
}

export function useRoute(): Route {
    return useSyncExternalStore(subscribe, snapshot);
}

export function href(page: PageName, id?: string, params?: Record<string, string>): string {
    const query = new URLSearchParams(Object.entries(params ?? {}).filter(([, value]) => value !== "")).toString();
    return `#/${page}${id ? `/${encodeURIComponent(id)}` : ""}${query ? `?${query}` : ""}`;
}

/** Changes one filter in the URL without a new history entry: typing a word must not fill the back button. */
export function setParam(name: string, value: string): void {
    const { page, id, params } = snapshot();
    // href() leaves out what is empty.
    const next = { ...Object.fromEntries(params), [name]: value };
    history.replaceState(history.state, "", href(page, id ?? undefined, next));
    for (const listener of listeners) listener();
}
