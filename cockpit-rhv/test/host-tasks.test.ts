// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { test } from "node:test";

import { backTo, parseRoute } from "../src/app/route";
import { bundleUrl } from "../src/common/bundle";
import { grouped, totalBytes } from "../src/engine/cleanup/groups";
import { MAX_FILE_BYTES, objection, readAnswers } from "../src/engine/load-answers";
import type { CleanupItem } from "../src/generated/wire";
import type { Call } from "../src/rpc/client";
import { framesOf, type RpcError } from "../src/rpc/channel";

const item = (id: string, kind: CleanupItem["kind"], size_bytes: number | null): CleanupItem =>
    ({ id, kind, name: id, about: { id, text: id }, size_bytes });

test("what is removed stands by kind, the largest loss first", () => {
    const items = [item("f", "file", 10), item("d", "disk", 1000), item("g", "file", null), item("vm", "domain", null)];
    assert.deepEqual(grouped(items).map(({ kind, items: [first] }) => [kind, first?.id]),
                     [["domain", "vm"], ["disk", "d"], ["file", "f"]]);
    assert.equal(totalBytes(items), 1010);
});

test("the bundle is the output of a privileged helper, as a download", () => {
    const transport = { csrf_token: "t0k/en", uri: (suffix: string) => `ws://host:9090/cockpit/${suffix}`, wait: () => undefined };
    const url = bundleUrl(transport, "20260301-101500-a1b2");
    const [path, query] = url.split("?");
    assert.equal(path, "/cockpit/channel/t0k/en");
    assert.deepEqual(JSON.parse(atob(query ?? "")), {
        payload: "stream", binary: "raw", superuser: "require", err: "ignore",
        spawn: ["/usr/libexec/cockpit-rhv/helper", "bundle", "20260301-101500-a1b2"],
        external: {
            "content-disposition": "attachment; filename=\"rhv-20260301-101500-a1b2.tar.gz\"", "content-type": "application/gzip",
        },
    });
    assert.equal((JSON.parse(atob(bundleUrl({ ...transport, host: "other" }, "j").split("?")[1] ?? "")) as { host: string }).host, "other");
});

test("a request longer than a frame is sent in several, no character cut in two", () => {
    assert.deepEqual(framesOf("abcdef", 4), ["abcd", "ef"]);
    assert.deepEqual(framesOf("abc\u{1f600}d", 4), ["abc", "\u{1f600}d"]);
    assert.deepEqual(framesOf("a", 4), ["a"]);
});

test("addresses of a resume and of a remedy", () => {
    assert.deepEqual(parseRoute(["deploy", "review"], { resume: "j1" }), { page: "deploy", step: "review", resume: "j1" });
    assert.deepEqual(parseRoute(["jobs", "j2"], { from: "j1" }), { page: "job", id: "j2", from: "j1" });
    assert.deepEqual(parseRoute(["jobs", "j2"], { from: ["a", "b"] }), { page: "job", id: "j2" });
    assert.deepEqual(backTo("review"), { page: "deploy", step: "review" });
    assert.deepEqual(backTo("j1"), { page: "job", id: "j1" });
});

const file = (size: number, content: string) => ({ name: "a.yml", size, text: () => Promise.resolve(content) }) as File;
const answer = (result: object) => (() => Promise.resolve(result)) as unknown as Call;

test("a large file is refused before it is read", async () => {
    const large = { size: MAX_FILE_BYTES + 1, text: () => Promise.reject(new Error("was read")) } as unknown as File;
    await assert.rejects(readAnswers(answer({}), large), (reason: RpcError) => reason.error.code === "page.file_too_large");
});

test("a file without answers is refused", async () => {
    const error = { code: "answers.required", message: { id: "x", text: "This answer is missing." }, hint: null, detail: null };
    for (const answers of [{}, { version: 1 }, { engine: 3 }]) {
        await assert.rejects(readAnswers(answer({ answers, errors: [{ path: "engine", error }] }), file(3, "{}")),
                             (reason: RpcError) => reason.error.code === "page.no_answers");
    }
});

test("a file is told what is wrong with it, not what it leaves to the form", async () => {
    const error = { code: "answers.unknown", message: { id: "x", text: "There is no answer of this name." }, hint: null, detail: null };
    const errors = ["engine.x", "engine.fqdn", "network"].map(path => ({ path, error }));
    const read = await readAnswers(answer({ answers: { engine: { x: 1 } }, errors }), file(3, "a"));
    assert.deepEqual(read.errors.map(objection), ["engine.x: There is no answer of this name."]);
});
