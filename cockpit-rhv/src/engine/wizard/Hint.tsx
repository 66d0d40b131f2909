// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";

import { _ } from "../../i18n";
import { HelperTextItem } from "./pf";

interface HintProps {
    children: ReactNode;
    variant?: "error" | "warning" | "success";
    /** The answer that is wrong, for tests. */
    problem?: string;
}

/** The line below an input: its help, or what is wrong with it. */
export function Hint({ children, variant, problem }: HintProps) {
    if (!variant)
        return <HelperTextItem>{children}</HelperTextItem>;
    const spoken = { error: _("Error"), warning: _("Warning"), success: _("In order") };
    return (
        <HelperTextItem variant={variant} screenReaderText={spoken[variant]} data-problem={problem}>{children}</HelperTextItem>
    );
}
