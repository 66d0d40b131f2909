// SPDX-License-Identifier: Apache-2.0
// The parts of the page that load when they are opened: everything but the overview and the list of guests.
import { PartStore } from "./part-store";
import { parseRoute, type Route } from "./route";

/** How long after the first sight of the page the other parts are fetched, so that they are there when they are opened. */
const IDLE_AFTER_MS = 3_000;

const LOADERS = {
    guest: () => import("../parts/guest"),
    create: () => import("../parts/create"),
    storage: () => import("../parts/storage"),
    networks: () => import("../parts/networks"),
    logs: () => import("../parts/logs"),
    engine: () => import("../parts/engine"),
};

export type PartName = keyof typeof LOADERS;
export type Parts = { [Name in PartName]: Awaited<ReturnType<(typeof LOADERS)[Name]>> };

/** Which part a page is in; null: it is in what is always loaded. */
export function partOf({ page }: Route): PartName | null {
    switch (page) {
    case "overview":
    case "guests": return null;
    case "guest":
    case "console": return "guest";
    case "create":
    case "clone": return "create";
    case "storage":
    case "pool": return "storage";
    case "networks": return "networks";
    case "logs":
    case "events": return "logs";
    case "engine":
    case "deploy":
    case "job": return "engine";
    }
}

export const parts = new PartStore<Parts>(LOADERS);

/** Loads a page's part before it is opened; one that failed is asked for again by whoever opens it, who sees that. */
export function loadFor(route: Route): void {
    const name = partOf(route);
    if (name !== null && parts.get(name).state !== "error")
        void parts.load(name);
}

/** Where a link of this page leads. */
function routeOf(link: Element): Route {
    const [path = "", query = ""] = (link.getAttribute("href") ?? "").replace(/^#\//, "").split("?");
    return parseRoute(path.split("/").filter(name => name !== "").map(decodeURIComponent), Object.fromEntries(new URLSearchParams(query)));
}

/** Loads what a link leads to while the pointer or the focus is still on it. */
function onLink({ target }: Event): void {
    const link = target instanceof Element ? target.closest("a[href^='#/']") : null;
    if (link)
        loadFor(routeOf(link));
}

async function loadRest(): Promise<void> {
    // One after the other: what somebody opens meanwhile does not wait behind all the rest.
    for (const name of Object.keys(LOADERS) as PartName[]) {
        if (!await parts.load(name))
            return; // the host is busy or another version is installed; whoever opens it is told
    }
}

/** Fetches parts before they are opened. */
export function loadAhead(): void {
    document.addEventListener("pointerover", onLink);
    document.addEventListener("focusin", onLink);
    const idle = () => {
        if ("requestIdleCallback" in window)
            requestIdleCallback(() => void loadRest());
        else
            void loadRest();
    };
    setTimeout(idle, IDLE_AFTER_MS);
}
