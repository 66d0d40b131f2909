// SPDX-License-Identifier: Apache-2.0
// One stylesheet a target: PatternFly's base, the components that are really imported, then <source>/index.css.
//
// PatternFly's modules import their own CSS. esbuild would put the CSS of a lazily loaded chunk into a file that
// nothing loads, so those imports are emptied, and index.css gets the styles of what is used, in a stable order.
import { dirname, join, resolve } from "node:path";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";

import * as esbuild from "esbuild";

const require = createRequire(import.meta.url);
const base = require.resolve("@patternfly/react-core/dist/styles/base.css");

const STYLE = /@patternfly\/react-styles\/css\/.*\.css$/;
const CLASS_NAMES = /@patternfly\/react-styles\/css\/.*\.m?js$/;

// Icon fonts and italics: the page draws icons as SVG and sets no italics.
const UNUSED_FACE = /@font-face\s*\{[^}]*(?:pficon|font-style:\s*italic)[^}]*\}/g;
const UNUSED_ICONS = /(?:^|(?<=\}))[^{}@]*pf-v6-pficon[^{}]*\{[^{}]*\}/g;

const DECLARATION = /(?<=[{;])(--[\w-]+):((?:[^;{}"'()]|"[^"]*"|'[^']*'|\((?:[^()"']|"[^"]*"|'[^']*'|\([^()]*\))*\))*)(?:;|(?=\}))/g;

// Variants of PatternFly's theme that Cockpit does not know; in minified CSS a rule has no blank lines or comments.
const UNUSED_THEME = /(?<=^|[{}])[^{}@;]*\.pf-v6-theme-(?:high-contrast|felt|glass|redhat)[^{}@;]*\{[^{}]*\}/g;

function dropUnusedThemes(css) {
    return css.replace(UNUSED_THEME, rule => {
        const brace = rule.indexOf("{");
        const kept = splitSelectors(rule.slice(0, brace)).filter(one => !/theme-(?:high-contrast|felt|glass|redhat)/.test(one));
        return kept.length > 0 ? kept.join(",") + rule.slice(brace) : "";
    });
}

/** Selectors of a list; commas inside of :is() and :where() do not part them. */
function splitSelectors(list) {
    const selectors = [""];
    let depth = 0;
    for (const character of list) {
        depth += { "(": 1, ")": -1 }[character] ?? 0;
        if (character === "," && depth === 0)
            selectors.push("");
        else
            selectors[selectors.length - 1] += character;
    }
    return selectors;
}

/** Drops custom properties nobody reads, until nothing changes: most of PatternFly's tokens are for parts not used here. */
export function pruneCustomProperties(css) {
    for (;;) {
        const used = new Set(Array.from(css.matchAll(/var\(\s*(--[\w-]+)/g), match => match[1]));
        const next = css.replace(DECLARATION, (whole, name) => (used.has(name) ? whole : ""))
                .replace(/(?:^|(?<=[{}]))[^{}@;]+\{\}/g, "");
        if (next.length === css.length)
            return next;
        css = next;
    }
}

/** The order of PatternFly's own bundle: components, then layouts, then utilities. */
function byLayer(a, b) {
    const layer = path => ["components", "layouts", "utilities"].findIndex(name => path.includes(`/css/${name}/`));
    return layer(a) - layer(b) || a.localeCompare(b);
}

/** The style sheets of the modules that are left after tree shaking: each has a module of class names beside it. */
function usedStyles(metafile) {
    const modules = Object.values(metafile.outputs).flatMap(output => Object.entries(output.inputs))
            .filter(([path, { bytesInOutput }]) => CLASS_NAMES.test(path) && bytesInOutput > 0)
            .map(([path]) => resolve(path.replace(/\.m?js$/, ".css")));
    return Array.from(new Set(modules));
}

export function patternflyStyles({ prune }) {
    return {
        name: "patternfly-styles",
        setup(build) {
            const entry = Object.values(build.initialOptions.entryPoints)[0];
            const own = join(dirname(entry), "index.css");
            build.onLoad({ filter: STYLE }, () => ({ contents: "", loader: "empty" }));
            build.onStart(async () => {
                // Fails early, with the name of the file that is missing.
                await readFile(own);
            });
            build.onEnd(async result => {
                if (result.errors.length > 0)
                    return;
                const files = [base, ...usedStyles(result.metafile).sort(byLayer), own];
                const bundle = await esbuild.build({
                    stdin: {
                        contents: files.map(file => `@import ${JSON.stringify(file)};`).join("\n"),
                        loader: "css",
                        resolveDir: dirname(own),
                    },
                    bundle: true,
                    minify: prune,
                    write: false,
                    outdir: build.initialOptions.outdir,
                    assetNames: "assets/[name]",
                    loader: { ".woff2": "file", ".svg": "dataurl" },
                    legalComments: "none",
                    plugins: [{
                        name: "patternfly-base",
                        setup(inner) {
                            inner.onLoad({ filter: /styles\/base\.css$/ }, async ({ path }) => ({
                                contents: (await readFile(path, "utf8")).replace(UNUSED_FACE, "").replace(UNUSED_ICONS, ""),
                                loader: "css",
                            }));
                        },
                    }],
                });
                for (const file of bundle.outputFiles) {
                    if (file.path.endsWith(".css")) {
                        const css = prune ? pruneCustomProperties(dropUnusedThemes(file.text)) : file.text;
                        await writeFile(join(build.initialOptions.outdir, "index.css"), css);
                    } else {
                        await mkdir(dirname(file.path), { recursive: true });
                        await writeFile(file.path, file.contents);
                    }
                }
            });
        },
    };
}
