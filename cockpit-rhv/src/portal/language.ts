// SPDX-License-Identifier: Apache-2.0
// The portal's languages: chosen by hand or by the browser, each a catalogue that is loaded when it is needed.

import { useSyncExternalStore } from "react";
import { type Catalogue, setCatalogue } from "../i18n";

export const LANGUAGES = { en: "English", es: "Español" } as const;
export type Language = keyof typeof LANGUAGES;
export const LANGUAGE_CODES = Object.keys(LANGUAGES) as Language[];

/** What the catalogue tool writes: a text, or its forms for one and for many. */
type Entries = Readonly<Record<string, string | readonly string[]>>;

const KEY = "rhv-portal.language";

const LOADERS: Record<Exclude<Language, "en">, () => Promise<Entries>> = {
    es: async () => (await import("../generated/po.es.js")).default,
};

let current: Language = "en";
const listeners = new Set<() => void>();

function known(tag: string | null): Language | null {
    const base = tag?.split("-")[0]?.toLowerCase();
    return LANGUAGE_CODES.find(language => language === base) ?? null;
}

function preferred(): Language {
    let chosen: string | null = null;
    try {
        chosen = localStorage.getItem(KEY);
    } catch {
        // Storage is refused: the browser's languages decide.
    }
    for (const tag of [chosen, ...navigator.languages]) {
        const language = known(tag);
        if (language) return language;
    }
    return "en";
}

/** English and Spanish both tell one from many. */
function backend(language: Language, entries: Entries): Catalogue {
    const form = (key: string, index: number): string => {
        const found = entries[key];
        return (typeof found === "string" ? (index === 0 ? found : undefined) : found?.[index]) ?? "";
    };
    return {
        language,
        gettext: text => form(text, 0) || text,
        ngettext: (one, many, count) => form(one, count === 1 ? 0 : 1) || (count === 1 ? one : many),
    };
}

async function load(language: Language): Promise<void> {
    current = language;
    let entries: Entries = {};
    if (language !== "en") {
        try {
            entries = await LOADERS[language]();
        } catch (error) {
            console.error("The catalogue could not be loaded; English is shown.", error);
            current = "en";
        }
    }
    setCatalogue(backend(current, entries));
    document.documentElement.lang = current;
    for (const listener of listeners) listener();
}

export const startLanguage = (): Promise<void> => load(preferred());

export function setLanguage(language: Language): void {
    try {
        localStorage.setItem(KEY, language);
    } catch {
        // Kept for this page only.
    }
    void load(language);
}

export function useLanguage(): Language {
    return useSyncExternalStore(listener => {
        listeners.add(listener);
        return () => listeners.delete(listener);
    }, () => current);
}
