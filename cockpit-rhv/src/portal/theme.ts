// SPDX-License-Identifier: Apache-2.0
// Light, dark, or what the system says. The choice is kept in this browser.

import { useSyncExternalStore } from "react";

export const THEMES = ["system", "light", "dark"] as const;
export type Theme = typeof THEMES[number];

const KEY = "rhv-portal.theme";
const system = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();
let theme: Theme = read();

function read(): Theme {
    try {
        return THEMES.find(known => known === localStorage.getItem(KEY)) ?? "system";
    } catch {
        return "system";
    }
}

function apply(): void {
    const dark = theme === "dark" || (theme === "system" && system.matches);
    document.documentElement.classList.toggle("pf-v6-theme-dark", dark);
}

export function setTheme(next: Theme): void {
    theme = next;
    try {
        localStorage.setItem(KEY, next);
    } catch {
        // Kept for this page only.
    }
    apply();
    for (const listener of listeners) listener();
}

export function useTheme(): Theme {
    return useSyncExternalStore(listener => {
        listeners.add(listener);
        return () => listeners.delete(listener);
    }, () => theme);
}

export function startTheme(): void {
    system.addEventListener("change", apply);
    apply();
}
