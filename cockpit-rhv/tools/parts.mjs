// SPDX-License-Identifier: Apache-2.0
// How the page is cut: what its first sight needs in start.js and index.js, each part that loads later in a file of its
// own, and what several of those need in one more.
//
// By itself esbuild makes a file of each set of parts that share a module, about sixty of them, and a page that is opened
// waits for dozens. So each part imports the page's entry and everything shared: then there are only these few sets.
import { readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";

import * as esbuild from "esbuild";

const SHARED = "rhv:shared";

/** A part is what a dynamic import names, which esbuild makes an entry. */
function partsOf({ outputs }, entries) {
    return Object.values(outputs).map(output => output.entryPoint)
            .filter(path => path !== undefined && !entries.includes(resolve(path)));
}

/** The modules that an output and what it imports are made of. */
function modulesOf({ outputs }, path, found = new Set()) {
    if (found.has(path))
        return found;
    found.add(path);
    for (const { path: next, kind } of outputs[path].imports) {
        if (kind === "import-statement")
            modulesOf({ outputs }, next, found);
    }
    return found;
}

function outputOf({ outputs }, source) {
    return Object.keys(outputs).find(path => outputs[path].entryPoint !== undefined && resolve(outputs[path].entryPoint) === source);
}

/** Has every part import the entry, and what `shared` names. */
function gather(entry, parts, shared) {
    return {
        name: "gather-parts",
        setup(build) {
            build.onLoad({ filter: /\.ts$/ }, async ({ path }) => (parts.has(path)
                ? { contents: `${await readFile(path, "utf8")}\nimport ${JSON.stringify(entry)};\nimport "${SHARED}";\n`, loader: "ts" }
                : undefined));
            build.onResolve({ filter: new RegExp(`^${SHARED}$`) }, () => ({ path: SHARED, namespace: "rhv", sideEffects: true }));
            build.onLoad({ filter: /./, namespace: "rhv" }, () => ({
                contents: shared.map(path => `import ${JSON.stringify(path)};`).join("\n"),
                resolveDir: dirname(entry),
            }));
            // PatternFly's packages say that an import of nothing can be left out; esbuild believes whoever resolves a module first.
            const kept = new Set(shared);
            build.onResolve({ filter: /./ }, async ({ path, kind, importer, resolveDir, pluginData }) => {
                if (pluginData === SHARED || kind !== "import-statement")
                    return undefined;
                const resolved = await build.resolve(path, { kind, importer, resolveDir, pluginData: SHARED });
                return kept.has(resolved.path) ? { path: resolved.path, sideEffects: true } : undefined;
            });
        },
    };
}

/** The plugin for `options`: builds once to see which modules are needed where. */
export async function gatherParts(options) {
    const [entry, ...others] = Object.values(options.entryPoints);
    const plain = {
        ...options, write: false, metafile: true, minify: false, sourcemap: false,
        loader: { ...options.loader, ".css": "empty" },
    };
    const first = await esbuild.build({ ...plain, plugins: [] });
    const parts = new Set(partsOf(first.metafile, [entry, ...others]).map(path => resolve(path)));
    const { metafile } = await esbuild.build({ ...plain, plugins: [gather(entry, parts, [])] });
    const inputs = path => Object.keys(metafile.outputs[path].inputs).filter(name => metafile.outputs[path].inputs[name].bytesInOutput > 0);
    const always = modulesOf(metafile, outputOf(metafile, entry));
    const users = new Map();
    for (const part of parts) {
        for (const output of modulesOf(metafile, outputOf(metafile, part))) {
            for (const input of always.has(output) ? [] : inputs(output))
                users.set(input, (users.get(input) ?? 0) + 1);
        }
    }
    const shared = Array.from(users).filter(([, count]) => count > 1).map(([path]) => resolve(path)).sort();
    return gather(entry, parts, shared);
}

/**
 * Gives the files of the first visit the names of their entries, for Cockpit's bridge knows a package's files by name
 * until somebody logs in again: they must be there in each version. All others have names that change with what is in them.
 */
export async function nameEntries({ outdir, entryPoints }, metafile) {
    const renamed = new Map();
    for (const [name, source] of Object.entries(entryPoints)) {
        const stub = Object.keys(metafile.outputs).find(path => basename(path) === `${name}.js`);
        const real = Object.keys(metafile.outputs).find(path =>
            Object.keys(metafile.outputs[path].inputs).some(input => resolve(input) === source));
        if (stub === undefined || real === undefined)
            throw new Error(`there is no output of ${source}`);
        if (real !== stub)
            renamed.set(real, stub);
    }
    for (const [real, stub] of renamed) {
        await rm(join(outdir, basename(stub)));
        await rename(join(outdir, basename(real)), join(outdir, basename(stub)));
        const output = metafile.outputs[real];
        delete metafile.outputs[real];
        metafile.outputs[stub] = { ...output, entryPoint: metafile.outputs[stub].entryPoint };
    }
    const named = new Map(Array.from(renamed, ([real, stub]) => [basename(real), basename(stub)]));
    for (const output of Object.values(metafile.outputs)) {
        for (const imported of output.imports)
            imported.path = renamed.get(imported.path) ?? imported.path;
    }
    for (const file of await readdir(outdir)) {
        if (!file.endsWith(".js"))
            continue;
        const text = await readFile(join(outdir, file), "utf8");
        const next = text.replace(/"\.\/([\w.-]+\.js)"/g, (whole, name) => (named.has(name) ? `"./${named.get(name)}"` : whole));
        if (next !== text)
            await writeFile(join(outdir, file), next);
    }
}
