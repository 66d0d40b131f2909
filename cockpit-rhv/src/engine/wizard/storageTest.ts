// SPDX-License-Identifier: Apache-2.0
// What the storage step's answers mean to a test, and what is to be said before leaving it.
import { answersOf, at, type Draft } from "../../form/draft";
import type { StorageTestParams } from "../../generated/wire";
import { _ } from "../../i18n";
import { isAbout, type Trial } from "../../storage/trial";

/** The parameters of a test of what is entered; null for a type of storage that this page cannot test. */
export function testOf(draft: Draft): StorageTestParams | null {
    const answers = answersOf(draft);
    const document = documentOf(answers);
    if (!document)
        return null;
    // Of a deployment that has begun the disk has taken its room already.
    const need = draft.begun ? undefined : at(answers, "engine.disk_gib");
    const name = at(answers, "engine.name");
    const files = document.type !== "lvm";
    return {
        document,
        ...(typeof need === "number" && { need_gib: need }),
        ...(files && !draft.begun && typeof name === "string" && name !== "" && { engine: name }),
    };
}

function documentOf(answers: object): Record<string, unknown> | null {
    switch (at(answers, "storage.kind")) {
    case "directory":
        return { type: "directory", path: at(answers, "storage.path") ?? "", make: true };
    case "nfs":
        return {
            type: "nfs",
            server: at(answers, "storage.server") ?? "",
            path: at(answers, "storage.export") ?? "",
            version: at(answers, "storage.nfs_version") ?? "auto",
            options: at(answers, "storage.mount_options") ?? "",
        };
    case "lvm":
        return { type: "lvm", volume_group: at(answers, "storage.volume_group") ?? "" };
    default:
        return null;
    }
}

/** What stands beside Next: it stays possible, and nobody goes on in the belief that all was tried. */
export function untested(trial: Trial, params: StorageTestParams): string | null {
    if (trial.state === "running")
        return _("The storage is being tested.");
    if (!isAbout(trial, params) || trial.state !== "done" || trial.report.cancelled)
        return _("This storage has not been tested. The review checks it.");
    return trial.report.verdict === "error" ? _("The test found an error. The review checks it again.") : null;
}
