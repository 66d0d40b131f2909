// SPDX-License-Identifier: Apache-2.0
// What the page costs: compressed kilobytes a browser loads, as JSON.
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const { outputs } = JSON.parse(readFileSync(join(root, "build/page.meta.json"), "utf8"));
const packed = path => join(root, `${path}.gz`);
const size = path => (existsSync(packed(path)) ? statSync(packed(path)).size : gzipSync(readFileSync(join(root, path)), { level: 9 }).length);
const kilobytes = path => size(path) / 1024;

const sum = paths => Math.round(paths.reduce((total, path) => total + kilobytes(path), 0) * 10) / 10;
const dist = "cockpit-rhv/dist/page";

console.log(JSON.stringify({
    js_kb_gz: sum(Object.keys(outputs).filter(path => path.endsWith(".js"))),
    css_kb_gz: sum([`${dist}/index.css`]),
    es_kb_gz: sum([`${dist}/po.es.js`]),
}, null, 1));
