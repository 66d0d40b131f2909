// SPDX-License-Identifier: Apache-2.0
// What the page costs: compressed kilobytes a browser loads for its first sight and for each part later, as JSON.
import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { outputs } = JSON.parse(readFileSync(join(root, "build/page.meta.json"), "utf8"));
const packed = path => join(root, `${path}.gz`);
const size = path => (existsSync(packed(path)) ? statSync(packed(path)).size : gzipSync(readFileSync(join(root, path)), { level: 9 }).length);
const kilobytes = path => size(path) / 1024;

const sum = paths => Math.round(paths.reduce((total, path) => total + kilobytes(path), 0) * 10) / 10;
const dist = "cockpit-rhv/dist/page";
const scripts = Object.keys(outputs).filter(path => path.endsWith(".js"));

/** A file and all that it imports at once. */
function together(path, found = new Set()) {
    if (!found.has(path)) {
        found.add(path);
        for (const { path: next, kind } of outputs[path].imports) {
            if (kind === "import-statement")
                together(next, found);
        }
    }
    return found;
}

const first = together(`${dist}/index.js`);
const later = scripts.filter(path => !first.has(path));

console.log(JSON.stringify({
    first_js_kb_gz: sum(Array.from(first)),
    later_js_kb_gz: Object.fromEntries(later.map(path => [basename(path), sum([path])])),
    all_js_kb_gz: sum(scripts),
    css_kb_gz: sum([`${dist}/index.css`]),
    es_kb_gz: sum([`${dist}/po.es.js`]),
}, null, 1));
