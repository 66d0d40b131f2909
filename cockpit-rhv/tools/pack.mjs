// SPDX-License-Identifier: Apache-2.0
// Compresses the page as Cockpit's own packages are: Cockpit serves x.js.gz where x.js is asked for, and packs nothing itself.
import { readFile, readdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const page = join(dirname(dirname(fileURLToPath(import.meta.url))), "dist/page");

for (const name of await readdir(page, { recursive: true })) {
    if (!/\.(?:js|css)$/.test(name))
        continue;
    const path = join(page, name);
    await writeFile(`${path}.gz`, gzipSync(await readFile(path), { level: 9 }));
    await rm(path);
}
