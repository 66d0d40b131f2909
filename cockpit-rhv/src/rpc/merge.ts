// SPDX-License-Identifier: Apache-2.0

/** What a topic's state looks like: members that are null at the source are absent, at any depth. */
export type Live<T> =
    T extends readonly (infer E)[] ? Live<E>[]
        : T extends object ? { [K in keyof T]: null extends T[K] ? Live<NonNullable<T[K]>> | undefined : Live<T[K]> }
            : T;

function isObject(value: unknown): value is Record<string, unknown> {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * RFC 7396 merge patch. The target is not changed, and what the patch does not touch is shared with the result, so
 * that React sees by identity what stayed the same.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
    if (!isObject(patch))
        return patch;
    const result: Record<string, unknown> = isObject(target) ? { ...target } : {};
    for (const [key, value] of Object.entries(patch)) {
        if (value === null)
            // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- absence is what the patch asks for
            delete result[key];
        else
            result[key] = mergePatch(result[key], value);
    }
    return result;
}
