// SPDX-License-Identifier: Apache-2.0
// The entries of the page's navigation, in their order.
import { _ } from "../i18n";
import { backTo, type Route } from "./route";

export type SectionName = "overview" | "guests" | "storage" | "networks" | "engine" | "logs";

interface Section {
    name: SectionName;
    title: () => string;
    route: Route;
}

export const SECTIONS: readonly Section[] = [
    { name: "overview", title: () => _("Overview"), route: { page: "overview" } },
    { name: "guests", title: () => _("Guests"), route: { page: "guests", query: {} } },
    { name: "storage", title: () => _("Storage"), route: { page: "storage" } },
    { name: "networks", title: () => _("Networks"), route: { page: "networks" } },
    { name: "engine", title: () => _("Hosted engine"), route: { page: "engine" } },
    { name: "logs", title: () => _("Logs"), route: { page: "logs" } },
];

/** Under which entry a page stands. */
export function sectionOf(route: Route): SectionName {
    switch (route.page) {
    case "overview": return "overview";
    case "guests":
    case "guest":
    case "create":
    case "clone":
    case "console": return "guests";
    case "storage":
    case "pool": return "storage";
    case "networks": return "networks";
    case "logs":
    case "events": return "logs";
    case "engine":
    case "deploy": return "engine";
    // Where its page leads back to; a job that was opened from another has that one's way behind it, which is not told.
    case "job": return route.from === undefined || backTo(route.from).page === "job" ? "engine" : sectionOf(backTo(route.from));
    }
}

export function sectionTitle(name: SectionName): string {
    return SECTIONS.find(section => section.name === name)?.title() ?? "";
}
