// SPDX-License-Identifier: Apache-2.0
// Texts in the reader's language. Cockpit's page and the Manager's portal share this file: the one finds its
// catalogue in cockpit.js, the other hands one over with `useCatalogue`.
import type { Message } from "./generated/wire";

export interface Catalogue {
    readonly language: string;
    gettext(text: string): string;
    ngettext(one: string, many: string, count: number): string;
}

const english: Catalogue = {
    language: "en",
    gettext: text => text,
    ngettext: (one, many, count) => (count === 1 ? one : many),
};

let catalogue: Catalogue = "cockpit" in globalThis ? cockpit : english;

export function setCatalogue(next: Catalogue): void {
    catalogue = next;
}

/** BCP 47 form of the reader's language, for `lang` attributes and Intl: Cockpit says `pt_BR`. */
export function language(): string {
    return (catalogue.language || "en").replace("_", "-");
}

export type Params = Record<string, string | number>;

/** Fills `{name}` placeholders; a doubled brace is a literal brace. Numbers are written as the language writes them. */
export function fill(template: string, params: Params): string {
    return template.replace(/\{\{|\}\}|\{(\w+)\}/g, (whole, name: string | undefined) => {
        if (name === undefined)
            return whole.charAt(0);
        const value = params[name];
        if (value === undefined)
            return whole;
        // No grouping: a number in a sentence may be a port or a process.
        return typeof value === "number" ? new Intl.NumberFormat(language(), { useGrouping: false }).format(value) : value;
    });
}

/** Parameters that are sentences themselves (a reason inside of a sentence) are texts, too; names are not. */
function translated(params: Params): Params {
    return Object.fromEntries(Object.entries(params).map(([name, value]) =>
        [name, typeof value === "string" && /\s/.test(value) ? catalogue.gettext(value) : value]));
}

/** The translation of a text of the page; the text itself is the key. */
export function _(template: string, params?: Params): string {
    const translated = catalogue.gettext(template);
    return params ? fill(translated, params) : translated;
}

/** Like `_`, for sentences that count something: `{count}` is filled in. */
export function plural(one: string, many: string, count: number, params: Params = {}): string {
    return fill(catalogue.ngettext(one, many, count), { count, ...params });
}

/** A message from the helper. */
export function text(message: Message): string {
    return fill(catalogue.gettext(message.text), translated(message.params ?? {}));
}
