// SPDX-License-Identifier: Apache-2.0
// Bundles cockpit-rhv/test/*.test.ts and runs them with Node's own test runner; further arguments go to it.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const tests = join(dirname(dirname(fileURLToPath(import.meta.url))), "test");
const names = readdirSync(tests).filter(name => name.endsWith(".test.ts"));
// Beside the sources, so that bundles find node_modules.
const out = mkdtempSync(join(tests, ".bundled-"));
try {
    await build({
        entryPoints: names.map(name => join(tests, name)),
        outdir: out,
        bundle: true,
        platform: "node",
        format: "esm",
        packages: "external",
        sourcemap: "inline",
        outExtension: { ".js": ".mjs" },
        define: { __VERSION__: "\"0.0.0\"" },
        logLevel: "warning",
    });
    const files = names.map(name => join(out, name.replace(/\.ts$/, ".mjs")));
    const { status } = spawnSync(process.execPath, ["--enable-source-maps", "--test", ...process.argv.slice(2), ...files],
                                 { stdio: "inherit" });
    process.exitCode = status ?? 1;
} finally {
    rmSync(out, { recursive: true, force: true });
}
