// SPDX-License-Identifier: Apache-2.0
// Reading and writing .po files, and the compiled forms made of them.

const ESCAPES = { n: "\n", t: "\t", "\"": "\"", "\\": "\\" };
const unquote = quoted => quoted.slice(1, -1).replace(/\\(.)/g, (_whole, one) => ESCAPES[one] ?? one);
const quote = text => `"${text.replace(/[\\"\n\t]/g, one => ({ "\n": "\\n", "\t": "\\t" }[one] ?? `\\${one}`))}"`;

/** @typedef {{ text: string, plural?: string, forms: string[], sources: string[], fuzzy: boolean }} Entry */

/** @returns {{ header: string, entries: Map<string, Entry> }} */
export function parse(po) {
    const entries = new Map();
    let header = "";
    for (const block of po.split(/\n\s*\n/)) {
        const sources = Array.from(block.matchAll(/^#: (.*)$/gm), match => match[1]);
        const entry = { text: "", forms: [], sources, fuzzy: /^#,.*\bfuzzy\b/m.test(block) };
        let append = () => undefined;
        let seen = false;
        for (const line of block.split("\n")) {
            const match = /^(msgid|msgid_plural|msgstr)(?:\[(\d+)\])?\s+(".*")\s*$/.exec(line);
            if (match) {
                const value = unquote(match[3]);
                const index = Number(match[2] ?? 0);
                seen = true;
                if (match[1] === "msgid") {
                    entry.text = value;
                    append = more => { entry.text += more; };
                } else if (match[1] === "msgid_plural") {
                    entry.plural = value;
                    append = more => { entry.plural += more; };
                } else {
                    entry.forms[index] = value;
                    append = more => { entry.forms[index] += more; };
                }
            } else if (/^".*"\s*$/.test(line)) {
                append(unquote(line.trim()));
            }
        }
        if (seen && entry.text === "")
            header = entry.forms[0] ?? "";
        else if (seen)
            entries.set(entry.text, entry);
    }
    return { header, entries };
}

/** Texts in their order, with the translations that are known. */
export function format(header, texts, entries) {
    const blocks = [
        `# SPDX-License-Identifier: Apache-2.0\nmsgid ""\nmsgstr ""\n${header.trimEnd().split("\n").map(line => quote(`${line}\n`)).join("\n")}`,
    ];
    for (const { text, plural, sources } of texts) {
        const forms = entries.get(text)?.forms ?? [];
        const lines = Array.from(sources).sort().map(source => `#: ${source}`);
        lines.push(`msgid ${quote(text)}`);
        if (plural === undefined)
            lines.push(`msgstr ${quote(forms[0] ?? "")}`);
        else
            lines.push(`msgid_plural ${quote(plural)}`, ...[0, 1].map(index => `msgstr[${index}] ${quote(forms[index] ?? "")}`));
        blocks.push(lines.join("\n"));
    }
    return `${blocks.join("\n\n")}\n`;
}

/** What cockpit.locale() takes: `[plural key or null, form, …]` by text. `ascii` JSON is JavaScript. */
export function cockpitLocale(language, entries) {
    const data = Object.fromEntries(Array.from(entries, ({ text, plural, forms }) => [text, [plural ?? null, ...forms]]));
    const head = `"":{"plural-forms":n=>n!==1,"language":${JSON.stringify(language)},"language-direction":"ltr"}`;
    const body = JSON.stringify(data).slice(1, -1);
    return `cockpit.locale({${head}${body === "" ? "" : `,${body}`}});\n`;
}

/** The binary catalogue gettext reads: magic, version, two tables of (length, offset), the strings. */
export function compileMo(header, entries) {
    const pairs = [["", header], ...Array.from(entries, ({ text, plural, forms }) => [
        plural === undefined ? text : `${text}\0${plural}`, forms.join("\0"),
    ])].map(pair => pair.map(text => Buffer.from(text, "utf8"))).sort(([a], [b]) => Buffer.compare(a, b));
    const tables = 28;
    const size = pairs.length * 8;
    const head = Buffer.alloc(tables + size * 2);
    head.writeUInt32LE(0x950412de, 0);
    [0, pairs.length, tables, tables + size, 0, tables + size * 2].forEach((value, index) => head.writeUInt32LE(value, 4 + index * 4));
    const strings = [];
    let offset = head.length;
    for (const column of [0, 1]) {
        pairs.forEach((pair, row) => {
            const at = tables + column * size + row * 8;
            head.writeUInt32LE(pair[column].length, at);
            head.writeUInt32LE(offset, at + 4);
            strings.push(pair[column], Buffer.from([0]));
            offset += pair[column].length + 1;
        });
    }
    return Buffer.concat([head, ...strings]);
}
