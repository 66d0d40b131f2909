// SPDX-License-Identifier: Apache-2.0
import { optionText } from "../../form/layout";
import type { Value } from "../../form/raw";
import type { Field } from "../../form/schema";
import { _ } from "../../i18n";

/** An answer in words. */
export function displayed({ path, schema }: Field, value: Value | undefined): string {
    if (value === undefined)
        return _("Not set");
    if (typeof value === "boolean")
        return value ? _("Yes") : _("No");
    if (Array.isArray(value))
        return value.join(", ");
    return schema.enum ? optionText(path, String(value)).label : String(value);
}
