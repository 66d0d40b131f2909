// SPDX-License-Identifier: Apache-2.0
// What the page costs: compressed kilobytes a browser loads before the wizard is usable, as JSON.
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { outputs } = JSON.parse(readFileSync(join(root, "build/page.meta.json"), "utf8"));
const packed = path => join(root, `${path}.gz`);
const size = path => (existsSync(packed(path)) ? statSync(packed(path)).size : gzipSync(readFileSync(join(root, path)), { level: 9 }).length);
const kilobytes = path => size(path) / 1024;

/** The entry and everything it imports statically. */
function closure(path, found = new Set()) {
    if (!found.has(path)) {
        found.add(path);
        outputs[path].imports.filter(({ kind }) => kind === "import-statement").forEach(({ path: next }) => closure(next, found));
    }
    return found;
}

const named = name => Object.keys(outputs).find(path => outputs[path].entryPoint?.endsWith(name));
const sum = paths => Math.round(Array.from(paths).reduce((total, path) => total + kilobytes(path), 0) * 10) / 10;
const page = closure(named("src/index.tsx"));
const wizard = closure(named("WizardPage.tsx"), new Set(page));
const guests = closure(named("GuestsPage.tsx"), new Set(page));
const dist = "cockpit-rhv/dist/page";

console.log(JSON.stringify({
    page_js_kb_gz: sum(page),
    guests_js_kb_gz: sum(guests),
    wizard_js_kb_gz: sum(wizard),
    all_js_kb_gz: sum(Object.keys(outputs).filter(path => path.endsWith(".js"))),
    css_kb_gz: sum([`${dist}/index.css`]),
    es_kb_gz: sum([`${dist}/po.es.js`]),
}, null, 1));
