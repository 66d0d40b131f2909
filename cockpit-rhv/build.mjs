#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Builds the Cockpit page into cockpit-rhv/dist/page, the viewers of consoles beside it, and the Manager's portal into
// cockpit-rhv/dist/portal.
//
//   node cockpit-rhv/build.mjs [--watch] [--dev] [page|screens|portal …]
//
// Each target is one folder of src/ with an entry; its own static files are copied as they are.
import { existsSync } from "node:fs";
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

import * as esbuild from "esbuild";

import { gatherParts, nameEntries } from "./tools/parts.mjs";
import { patternflyStyles } from "./tools/styles.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const root = dirname(here);
const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));

/** @type {Record<string, {source: string, entry: [string, string], early?: [string, string], out: string, files: [string, string][], beside?: boolean, packed?: boolean, splitting?: boolean}>} */
const targets = {
    page: {
        source: join(here, "src"),
        entry: ["index", "index.tsx"],
        // A script that is run before the entry has arrived. What loads later is cut by tools/parts.mjs.
        early: ["start", "app/start.ts"],
        splitting: true,
        out: join(here, "dist/page"),
        files: [
            [join(root, "manifest.json"), "manifest.json"],
            [join(here, "src/index.html"), "index.html"],
        ],
    },
    // noVNC and xterm.js, which the page loads when a console is first opened (src/console/load.ts).
    screens: {
        source: join(here, "src/screens"),
        entry: ["screens", "index.ts"],
        out: join(here, "dist/page"),
        files: [],
        beside: true,
    },
    portal: {
        source: join(here, "src/portal"),
        entry: ["index", "index.tsx"],
        out: join(here, "dist/portal"),
        files: [
            [join(here, "src/portal/index.html"), "index.html"],
            [join(here, "src/portal/icon.svg"), "icon.svg"],
        ],
        // The Manager serves a file's .gz to whoever takes it, and the file to others. The page is packed by tools/pack.mjs.
        packed: true,
        // Rarely used parts load when they are opened.
        splitting: true,
    },
};

const args = process.argv.slice(2);
const watch = args.includes("--watch");
const dev = watch || args.includes("--dev");
const wanted = args.filter(arg => !arg.startsWith("--"));

/** Copies the static files after each successful build, so that a watcher serves a whole page. */
function staticFiles(target) {
    return {
        name: "static-files",
        setup(build) {
            build.onEnd(async result => {
                if (result.errors.length > 0)
                    return;
                for (const [from, to] of target.files)
                    await cp(from, join(target.out, to));
            });
        },
    };
}

/** Writes a compressed copy beside each text file. */
async function pack(folder) {
    for (const name of await readdir(folder, { recursive: true })) {
        if (/\.(?:js|css|html|svg)$/.test(name))
            await writeFile(join(folder, `${name}.gz`), await promisify(gzip)(await readFile(join(folder, name)), { level: 9 }));
    }
}

async function optionsOf(target) {
    // What lies beside another target's files must not take them away.
    if (!target.beside)
        await rm(target.out, { recursive: true, force: true });
    await mkdir(target.out, { recursive: true });
    const entries = target.early ? [target.entry, target.early] : [target.entry];
    const options = {
        entryPoints: Object.fromEntries(entries.map(([entry, file]) => [entry, join(target.source, file)])),
        outdir: target.out,
        bundle: true,
        format: "esm",
        splitting: target.splitting ?? false,
        // Beside the entry where its parts are given other names, below.
        chunkNames: target.early ? "[name]-[hash]" : "chunks/[name]-[hash]",
        assetNames: "assets/[name]",
        target: "es2022",
        jsx: "automatic",
        minify: !dev,
        sourcemap: dev ? "linked" : false,
        legalComments: "none",
        metafile: true,
        logLevel: "warning",
        // The viewers bring their own styles along, to be added when they are used.
        loader: { ".woff2": "file", ".svg": "file", ...(target.beside && { ".css": "text" }) },
        define: {
            "process.env.NODE_ENV": JSON.stringify(dev ? "development" : "production"),
            __VERSION__: JSON.stringify(version),
        },
    };
    // Somebody who watches can do with many files.
    const gathered = target.early && !dev ? [await gatherParts(options)] : [];
    return { ...options, plugins: [...gathered, ...(target.beside ? [] : [patternflyStyles({ prune: !dev })]), staticFiles(target)] };
}

for (const [name, target] of Object.entries(targets)) {
    if (wanted.length > 0 ? !wanted.includes(name) : !existsSync(join(target.source, target.entry[1])))
        continue;
    const chosen = await optionsOf(target);
    const context = await esbuild.context(chosen);
    if (watch) {
        await context.watch();
        continue;
    }
    const result = await context.rebuild();
    await context.dispose();
    if (target.early && !dev)
        await nameEntries(chosen, result.metafile);
    if (target.packed && !dev)
        await pack(target.out);
    await mkdir(join(root, "build"), { recursive: true });
    await writeFile(join(root, "build", `${name}.meta.json`), JSON.stringify(result.metafile));
}
