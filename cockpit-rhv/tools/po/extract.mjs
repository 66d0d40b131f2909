// SPDX-License-Identifier: Apache-2.0
// Every text a person may see, from wherever it is written: TypeScript, Python, schemas, profiles, task names, manifest.
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import ts from "typescript";

/** Functions of the page and which of their arguments are gettext keys. */
const CALLS = { _: [0], plural: [0, 1], localError: [1] };

/**
 * @typedef {{ text: string, plural?: string, source: string }} Text
 */

function files(root, folder, endings, skip = /node_modules|generated|__pycache__|\/dist\//) {
    return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
            .filter(entry => entry.isFile() && endings.some(ending => entry.name.endsWith(ending)))
            .map(entry => join(entry.parentPath, entry.name).slice(root.length + 1))
            .filter(path => !skip.test(path))
            .sort();
}

function literal(node) {
    if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node))
        return node.text;
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
        const left = literal(node.left);
        const right = literal(node.right);
        return left !== null && right !== null ? left + right : null;
    }
    return null;
}

/** @returns {Text[]} */
export function typescriptTexts(root, folder) {
    return files(root, folder, [".ts", ".tsx"]).flatMap(path => {
        const source = ts.createSourceFile(path, readFileSync(join(root, path), "utf8"), ts.ScriptTarget.Latest, true);
        const found = [];
        const visit = node => {
            if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text in CALLS) {
                const [first, second] = CALLS[node.expression.text]
                        .map(index => node.arguments[index] && literal(node.arguments[index]));
                if (typeof first === "string") {
                    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
                    found.push({ text: first, ...(typeof second === "string" && { plural: second }), source: `${path}:${line}` });
                }
            }
            ts.forEachChild(node, visit);
        };
        visit(source);
        return found;
    });
}

function pythonTexts(root) {
    const paths = ["bridge", "engine", "ansible"].flatMap(folder => files(root, folder, [".py"]));
    const script = join(root, "cockpit-rhv/tools/po/python_texts.py");
    return JSON.parse(execFileSync("python3", [script, ...paths], { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 }));
}

/** Titles, descriptions and refusals of answers schemas, and the messages of profiles. */
function jsonTexts(root) {
    const found = [];
    const walk = (value, source, answers) => {
        if (Array.isArray(value)) {
            value.forEach(element => walk(element, source, answers));
        } else if (typeof value === "object" && value !== null) {
            if (typeof value.id === "string" && typeof value.text === "string")
                found.push({ text: value.text, source });
            for (const [key, member] of Object.entries(value)) {
                if (answers && (key === "title" || key === "description" || key === "x-invalid") && typeof member === "string")
                    found.push({ text: member, source });
                else if (answers && key === "x-unavailable")
                    found.push(...Object.values(member).map(text => ({ text, source })));
                else
                    walk(member, source, answers);
            }
        }
    };
    for (const path of files(root, "ansible", [".json"])) {
        const value = JSON.parse(readFileSync(join(root, path), "utf8"));
        // The schema's own title and description are for its readers.
        walk(path.endsWith("answers.schema.json") ? value.properties : value, path, path.endsWith("answers.schema.json"));
    }
    return found;
}

/** Names of tasks; the name of a play is the id of its phase. */
function taskNames(root) {
    return files(root, "ansible", [".yml"]).flatMap(path => {
        const lines = readFileSync(join(root, path), "utf8").split("\n");
        return lines.flatMap((line, index) => {
            const match = /^(\s*)- name: +(.*?)\s*$/.exec(line);
            if (!match)
                return [];
            const next = lines.slice(index + 1).find(other => other.trim() !== "" && !/^\s*#/.test(other)) ?? "";
            if (match[1] === "" && /^\s+(hosts|import_playbook|ansible\.builtin\.import_playbook):/.test(next))
                return [];
            return [{ text: match[2].replace(/^(["'])(.*)\1$/, "$2"), source: `${path}:${index + 1}` }];
        });
    });
}

/** What Cockpit's menu shows. */
export function manifestTexts(root) {
    const { menu = {} } = JSON.parse(readFileSync(join(root, "manifest.json"), "utf8"));
    return Object.values(menu).flatMap(({ label, docs = [], keywords = [] }) => [
        label, ...docs.map(doc => doc.label), ...keywords.flatMap(({ matches }) => matches),
    ]).map(text => ({ text, source: "manifest.json" }));
}

/** Every text once, with where it is used, in a stable order. */
export function allTexts(root) {
    const merged = new Map();
    const texts = [
        ...manifestTexts(root), ...typescriptTexts(root, "cockpit-rhv/src"), ...jsonTexts(root), ...taskNames(root), ...pythonTexts(root),
    ];
    for (const { text, plural, source } of texts) {
        if (text === "")
            continue;
        const known = merged.get(text) ?? { text, sources: new Set() };
        if (plural !== undefined)
            known.plural = plural;
        // Line numbers would change the catalogue with every edit.
        known.sources.add(source.replace(/:\d+$/, ""));
        merged.set(text, known);
    }
    return Array.from(merged.values());
}
