// SPDX-License-Identifier: Apache-2.0
import type { ComponentProps } from "react";

import { _ } from "../i18n";
import { Alert } from "../pf";

type Variant = NonNullable<ComponentProps<typeof Alert>["variant"]>;

/** What a screen reader says before the title, where others see colour and icon. */
function variantLabel(variant: Variant): string {
    switch (variant) {
    case "danger": return _("Error:");
    case "warning": return _("Warning:");
    case "success": return _("Success:");
    case "info":
    case "custom": return _("Note:");
    }
}

/** An inline alert whose title is no heading: it may stand anywhere in a page's outline. */
export function Notice(props: Omit<ComponentProps<typeof Alert>, "isInline" | "component"> & { variant: Variant }) {
    return <Alert {...props} isInline component="p" variantLabel={variantLabel(props.variant)} />;
}
