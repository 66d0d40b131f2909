// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

interface Entry { text: string; plural?: string; forms: string[]; sources: string[]; fuzzy: boolean }
interface Catalogue {
    parse: (po: string) => { header: string; entries: Map<string, Entry> };
    format: (header: string, texts: { text: string; plural?: string; sources: Set<string> }[], entries: Map<string, Entry>) => string;
    compileMo: (header: string, entries: Entry[]) => Buffer;
    cockpitLocale: (language: string, entries: Entry[]) => string;
}

const { parse, format, compileMo, cockpitLocale } =
    await import(join(process.cwd(), "cockpit-rhv/tools/po/catalogue.mjs")) as Catalogue;

const PO = `msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"

#: a.py
msgid "Say \\"yes\\"\\n"
"twice"
msgstr "Diga «sí»\\n"
"dos veces"

msgid "{count} file"
msgid_plural "{count} files"
msgstr[0] "{count} archivo"
msgstr[1] "{count} archivos"
`;

test("a catalogue read and written is the same", () => {
    const { header, entries } = parse(PO);
    const texts = [...entries.values()].map(entry => ({ ...entry, sources: new Set(entry.sources) }));
    assert.equal(entries.get("Say \"yes\"\ntwice")?.forms[0], "Diga «sí»\ndos veces");
    assert.deepEqual(entries.get("{count} file")?.forms, ["{count} archivo", "{count} archivos"]);
    assert.deepEqual(parse(format(header, texts, entries)), { header, entries });
});

test("Cockpit's form is a call with plural forms", () => {
    let data: unknown;
    // eslint-disable-next-line @typescript-eslint/no-implied-eval, @typescript-eslint/no-unsafe-call -- it is a script
    new Function("cockpit", cockpitLocale("es", [...parse(PO).entries.values()]))({ locale: (value: unknown) => { data = value; } });
    const locale = data as Record<string, unknown[]> & { "": { language: string } };
    assert.equal(locale[""].language, "es");
    assert.deepEqual(locale["{count} file"], ["{count} files", "{count} archivo", "{count} archivos"]);
    assert.equal(locale["Say \"yes\"\ntwice"]?.[0], null);
});

test("Python's gettext reads the compiled catalogue", () => {
    const folder = mkdtempSync(join(tmpdir(), "po-"));
    try {
        mkdirSync(join(folder, "es/LC_MESSAGES"), { recursive: true });
        const { header, entries } = parse(PO);
        writeFileSync(join(folder, "es/LC_MESSAGES/x.mo"), compileMo(header, [...entries.values()]));
        const script = "import gettext,sys; t=gettext.translation('x', sys.argv[1], ['es']);" +
            "print(t.ngettext('{count} file','{count} files',2)); print(t.gettext('Say \"yes\"\\ntwice'))";
        const { stdout } = spawnSync("python3", ["-c", script, folder], { encoding: "utf8", env: { ...process.env, PYTHONUTF8: "1" } });
        assert.equal(stdout, "{count} archivos\nDiga «sí»\ndos veces\n");
    } finally {
        rmSync(folder, { recursive: true });
    }
});
