// SPDX-License-Identifier: Apache-2.0
import type { ComponentProps } from "react";

import { Alert } from "../pf";

/** An inline alert whose title is no heading: it may stand anywhere in a page's outline. */
export function Notice(props: Omit<ComponentProps<typeof Alert>, "isInline" | "component">) {
    return <Alert {...props} isInline component="p" />;
}
