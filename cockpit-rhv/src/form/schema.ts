// SPDX-License-Identifier: Apache-2.0
// The answers schema as the form sees it: sections of fields. Only the keywords that answers schemas use are read.

export interface FieldSchema {
    type: "string" | "integer" | "boolean" | "array";
    title?: string;
    description?: string;
    format?: string;
    pattern?: string;
    enum?: string[];
    /** Values that cannot be chosen yet, with the reason (a gettext key). */
    "x-unavailable"?: Record<string, string>;
    minLength?: number;
    maxLength?: number;
    minimum?: number;
    maximum?: number;
    maxItems?: number;
    default?: unknown;
    items?: FieldSchema;
}

export interface Field {
    /** Dotted path in the answers document. */
    path: string;
    /** gettext keys. */
    title: string;
    help: string;
    required: boolean;
    schema: FieldSchema;
}

export interface Section {
    id: string;
    title: string;
    fields: Field[];
}

export interface FormSchema {
    sections: Section[];
    /** Members whose value the schema fixes, such as `version`. */
    constants: Record<string, unknown>;
}

interface ObjectSchema {
    title?: string;
    const?: unknown;
    properties?: Record<string, FieldSchema>;
    required?: string[];
}

export function readSchema(schema: object): FormSchema {
    const { properties = {} } = schema as { properties?: Record<string, ObjectSchema> };
    const result: FormSchema = { sections: [], constants: {} };
    for (const [id, member] of Object.entries(properties)) {
        if (member.const !== undefined)
            result.constants[id] = member.const;
        else if (member.properties)
            result.sections.push({ id, title: member.title ?? id, fields: readFields(id, member) });
    }
    return result;
}

function readFields(section: string, { properties = {}, required = [] }: ObjectSchema): Field[] {
    return Object.entries(properties).map(([name, schema]) => ({
        path: `${section}.${name}`,
        title: schema.title ?? name,
        help: schema.description ?? "",
        required: required.includes(name),
        schema,
    }));
}
