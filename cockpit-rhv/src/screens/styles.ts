// SPDX-License-Identifier: Apache-2.0
// Styles as Cockpit's content security policy allows them: xterm.js writes them as text, which only `unsafe-inline` would
// let through. A sheet that a script constructs is none of the policy's business.

interface Styled {
    /** A document for xterm.js whose elements take styles without breaking the policy. */
    document: Document;
    /** Does something during which the page's own document behaves in the same way: not all of xterm.js asks the other one. */
    during: (work: () => void) => void;
    remove: () => void;
}

/** For one terminal; `css` is what always holds. */
export function styled(css: string): Styled {
    const sheets: CSSStyleSheet[] = [];
    const add = () => {
        const sheet = new CSSStyleSheet();
        sheets.push(sheet);
        document.adoptedStyleSheets.push(sheet);
        return sheet;
    };
    add().replaceSync(css);

    const create = (tag: string): HTMLElement => document.createElementNS("http://www.w3.org/1999/xhtml", tag);
    const createElement = (tag: string): HTMLElement => {
        if (tag === "style") {
            // Even an empty style element breaks the policy; another one takes its place.
            const element = create("template");
            const sheet = add();
            Object.defineProperty(element, "textContent", { set: (text: string) => sheet.replaceSync(text), get: () => "" });
            return element;
        }
        const element = create(tag);
        const setAttribute = element.setAttribute.bind(element);
        element.setAttribute = (name, value) => {
            if (name === "style")
                element.style.cssText = value;
            else
                setAttribute(name, value);
        };
        return element;
    };
    const proxy = new Proxy(document, {
        get: (target, name) => {
            if (name === "createElement")
                return createElement;
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === "function" ? (value.bind(target) as unknown) : value;
        },
    });
    return {
        document: proxy,
        during: work => {
            Object.defineProperty(document, "createElement", { configurable: true, value: createElement });
            try {
                work();
            } finally {
                Reflect.deleteProperty(document, "createElement");
            }
        },
        remove: () => {
            document.adoptedStyleSheets = document.adoptedStyleSheets.filter(sheet => !sheets.includes(sheet));
        },
    };
}
