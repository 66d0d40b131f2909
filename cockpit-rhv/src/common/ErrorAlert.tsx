// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";

import type { RhvError } from "../generated/wire";
import { _, text } from "../i18n";
import type { Live } from "../rpc/merge";
import { ErrorDetails } from "./ErrorDetails";
import { Notice } from "./Notice";

interface ErrorAlertProps {
    error: RhvError | Live<RhvError>;
    /** What was being done; the error's own sentence is the title without it. */
    title?: string;
    variant?: "danger" | "warning";
    actions?: ReactNode;
    children?: ReactNode;
}

/** What went wrong, what to do about it, and the raw detail one click away. */
export function ErrorAlert({ error, title, variant = "danger", actions, children }: ErrorAlertProps) {
    const sentence = text(error.message);
    return (
        <Notice variant={variant} title={title ?? sentence} actionLinks={actions} data-error={error.code}>
            {title !== undefined && <p>{sentence}</p>}
            {error.cause && <p><b>{_("Likely cause:")}</b> {text(error.cause)}</p>}
            {error.hint && <p><b>{_("What to do:")}</b> {text(error.hint)}</p>}
            {children}
            <ErrorDetails error={error} />
        </Notice>
    );
}
