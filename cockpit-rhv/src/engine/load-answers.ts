// SPDX-License-Identifier: Apache-2.0
import { at } from "../form/draft";
import type { DeployImportResult, FieldError } from "../generated/wire";
import { text } from "../i18n";
import type { Call } from "../rpc/client";
import { localError } from "../rpc/channel";

/** Answers are a few kilobytes; what is larger is another file, and not worth reading. */
export const MAX_FILE_BYTES = 1024 * 1024;

/**
 * Reads a file of answers as `cockpit-rhv deploy --answers` does; rejects with a sentence where it holds none.
 * What a file leaves out is no fault of it: the form fills that in, or asks for it.
 */
export async function readAnswers(call: Call, file: File): Promise<DeployImportResult> {
    if (file.size > MAX_FILE_BYTES)
        throw localError("page.file_too_large", "This file is larger than 1 MiB, so it cannot be a file of answers.");
    const { answers, errors } = await call("deploy.import", { text: await file.text() });
    if (Object.values(answers).every(section => typeof section !== "object"))
        throw localError("page.no_answers", "There are no answers in this file.");
    return { answers, errors: errors.filter(({ path }) => path === "" || at(answers, path) !== undefined) };
}

/** An objection to a file, with the answer it is about where there is one. */
export function objection({ path, error }: FieldError): string {
    return path === "" ? text(error.message) : `${path}: ${text(error.message)}`;
}
