// SPDX-License-Identifier: Apache-2.0
import type { DeployImportResult, FieldError } from "../generated/wire";
import { text } from "../i18n";
import type { Call } from "../rpc/client";
import { RpcError, localError } from "../rpc/channel";

/** Answers are a few kilobytes; what is larger is another file, and not worth reading. */
export const MAX_FILE_BYTES = 1024 * 1024;

/** Reads a file of answers as `cockpit-rhv deploy --answers` does; rejects with a sentence where it cannot be read. */
export async function readAnswers(call: Call, file: File): Promise<DeployImportResult> {
    if (file.size > MAX_FILE_BYTES)
        throw localError("page.file_too_large", "This file is larger than 1 MiB, so it cannot be a file of answers.");
    const result = await call("deploy.import", { text: await file.text() });
    const [first] = result.errors;
    // Nothing could be read at all: the draft stays as it is.
    if (first && Object.keys(result.answers).length === 0)
        throw new RpcError(first.error);
    return result;
}

/** An objection to a file, with the answer it is about where there is one. */
export function objection({ path, error }: FieldError): string {
    return path === "" ? text(error.message) : `${path}: ${text(error.message)}`;
}
