// SPDX-License-Identifier: Apache-2.0
// Form inputs hold text; answers hold values. A text that is not (yet) a number must survive in the input.
import type { FieldSchema } from "./schema";

export type Raw = string | boolean;
export type Value = string | number | boolean | string[];

export function toRaw(value: unknown): Raw {
    if (typeof value === "boolean")
        return value;
    if (Array.isArray(value))
        return value.join(", ");
    return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** The value of an input; undefined when it is empty, NaN when it should be a number and is none. */
export function fromRaw(schema: FieldSchema, raw: Raw): Value | undefined {
    if (typeof raw === "boolean")
        return raw;
    const text = raw.trim();
    if (schema.type === "array") {
        const items = text.split(/[\s,;]+/).filter(item => item !== "");
        return items.length > 0 ? items : undefined;
    }
    if (text === "")
        return undefined;
    if (schema.type === "integer")
        return /^-?\d+$/.test(text) ? Number(text) : NaN;
    return text;
}
