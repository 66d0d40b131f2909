// SPDX-License-Identifier: Apache-2.0
// A state is always an icon and a word, never a colour alone.
import type { ReactNode } from "react";
import CheckCircleIcon from "@patternfly/react-icons/dist/esm/icons/check-circle-icon.js";
import ExclamationCircleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon.js";
import ExclamationTriangleIcon from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon.js";
import InProgressIcon from "@patternfly/react-icons/dist/esm/icons/in-progress-icon.js";
import MinusCircleIcon from "@patternfly/react-icons/dist/esm/icons/minus-circle-icon.js";
import QuestionCircleIcon from "@patternfly/react-icons/dist/esm/icons/question-circle-icon.js";

import { Icon } from "../pf";

export type Tone = "good" | "warning" | "bad" | "busy" | "off" | "unknown";

const ICONS: Record<Tone, { icon: ReactNode; status?: "success" | "warning" | "danger" | "info" }> = {
    good: { icon: <CheckCircleIcon />, status: "success" },
    warning: { icon: <ExclamationTriangleIcon />, status: "warning" },
    bad: { icon: <ExclamationCircleIcon />, status: "danger" },
    busy: { icon: <InProgressIcon />, status: "info" },
    off: { icon: <MinusCircleIcon /> },
    unknown: { icon: <QuestionCircleIcon /> },
};

export function ToneIcon({ tone, size }: { tone: Tone; size?: "lg" | "xl" }) {
    const { icon, status } = ICONS[tone];
    return (
        <Icon aria-hidden {...(size && { size })} {...(status && { status })} className={`rhv-tone rhv-tone--${tone}`}>
            {icon}
        </Icon>
    );
}

export function Status({ tone, children }: { tone: Tone; children: ReactNode }) {
    return (
        <span className="rhv-status" data-tone={tone}>
            <ToneIcon tone={tone} />
            <span>{children}</span>
        </span>
    );
}
