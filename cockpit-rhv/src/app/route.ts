// SPDX-License-Identifier: Apache-2.0
// One frame, navigation by the location hash; Cockpit's shell mirrors it into the browser's address.
import { useSyncExternalStore } from "react";

export type Route =
    | { page: "engine" }
    | { page: "deploy"; step: string | null }
    | { page: "job"; id: string };

export function parseRoute(path: readonly string[]): Route {
    const [section, rest] = path;
    if (section === "deploy")
        return { page: "deploy", step: rest ?? null };
    if (section === "jobs" && rest !== undefined)
        return { page: "job", id: rest };
    return { page: "engine" };
}

function pathOf(route: Route): string[] {
    switch (route.page) {
    case "engine": return [];
    case "deploy": return route.step === null ? ["deploy"] : ["deploy", route.step];
    case "job": return ["jobs", route.id];
    }
}

export function go(route: Route): void {
    cockpit.location.go(pathOf(route));
}

export function href(route: Route): string {
    return `#/${pathOf(route).map(encodeURIComponent).join("/")}`;
}

function subscribe(listener: () => void): () => void {
    cockpit.addEventListener("locationchanged", listener);
    return () => cockpit.removeEventListener("locationchanged", listener);
}

export function useRoute(): Route {
    // A string, so that equal locations are the same snapshot.
    const path = useSyncExternalStore(subscribe, () => JSON.stringify(cockpit.location.path));
    return parseRoute(JSON.parse(path) as string[]);
}
