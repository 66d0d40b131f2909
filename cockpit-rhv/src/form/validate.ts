// SPDX-License-Identifier: Apache-2.0
import { _ } from "../i18n";
import { isFqdn, isIp, isIpv4, isIpv4Interface } from "./formats";
import { fromRaw, type Raw } from "./raw";
import type { Field, FieldSchema } from "./schema";

const FORMATS: Record<string, { test: (value: string) => boolean; sentence: () => string }> = {
    fqdn: { test: isFqdn, sentence: () => _("Enter a full name with a domain, such as engine.example.com.") },
    ipv4: { test: isIpv4, sentence: () => _("Enter an IPv4 address, such as 192.0.2.1.") },
    "ipv4-interface": {
        test: isIpv4Interface,
        sentence: () => _("Enter the address of one machine and the prefix length, such as 192.0.2.10/24."),
    },
    ip: { test: isIp, sentence: () => _("Enter an IP address, such as 192.0.2.1.") },
};

function checkString(schema: FieldSchema, value: string, patternHelp: string | undefined): string | null {
    if (schema.enum && !schema.enum.includes(value))
        return _("Choose one of the values offered.");
    if (schema.minLength !== undefined && value.length < schema.minLength)
        return _("Enter at least {count} characters.", { count: schema.minLength });
    if (schema.maxLength !== undefined && value.length > schema.maxLength)
        return _("Enter at most {count} characters.", { count: schema.maxLength });
    const format = schema.format === undefined ? undefined : FORMATS[schema.format];
    if (format && !format.test(value))
        return format.sentence();
    if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value))
        return patternHelp ?? _("This value has a form that is not allowed here.");
    return null;
}

function checkInteger(schema: FieldSchema, value: number): string | null {
    const { minimum, maximum } = schema;
    if (minimum !== undefined && maximum !== undefined && (value < minimum || value > maximum))
        return _("Enter a number from {minimum} to {maximum}.", { minimum, maximum });
    return null;
}

/** What is wrong with a field, as a sentence, or null. `required` may depend on other answers. */
export function checkField(field: Field, raw: Raw, required: boolean, patternHelp?: string): string | null {
    const value = fromRaw(field.schema, raw);
    if (value === undefined)
        return required ? _("Enter a value.") : null;
    if (typeof value === "string")
        return checkString(field.schema, value, patternHelp);
    if (typeof value === "number")
        return Number.isInteger(value) ? checkInteger(field.schema, value) : _("Enter a whole number.");
    if (Array.isArray(value)) {
        const { items, maxItems } = field.schema;
        if (maxItems !== undefined && value.length > maxItems)
            return _("Enter at most {count} values.", { count: maxItems });
        for (const item of value) {
            const problem = items ? checkString(items, item, patternHelp) : null;
            if (problem !== null)
                return problem;
        }
    }
    return null;
}
