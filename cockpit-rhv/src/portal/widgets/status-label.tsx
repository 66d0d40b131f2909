// SPDX-License-Identifier: Apache-2.0
import type { ComponentType } from "react";
import { Label, type LabelProps } from "@patternfly/react-core/dist/esm/components/Label/index.js";
import { CheckCircleIcon } from "@patternfly/react-icons/dist/esm/icons/check-circle-icon.js";
import { ExclamationCircleIcon } from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon.js";
import { ExclamationTriangleIcon } from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon.js";
import { InProgressIcon } from "@patternfly/react-icons/dist/esm/icons/in-progress-icon.js";
import { PowerOffIcon } from "@patternfly/react-icons/dist/esm/icons/power-off-icon.js";
import { UnknownIcon } from "@patternfly/react-icons/dist/esm/icons/unknown-icon.js";
import type { Meaning, Tone } from "../words";

const LOOKS: Record<Tone, { icon: ComponentType; look: Pick<LabelProps, "color" | "status"> }> = {
    ok: { icon: CheckCircleIcon, look: { status: "success" } },
    busy: { icon: InProgressIcon, look: { status: "info" } },
    idle: { icon: PowerOffIcon, look: { color: "grey" } },
    warning: { icon: ExclamationTriangleIcon, look: { status: "warning" } },
    danger: { icon: ExclamationCircleIcon, look: { status: "danger" } },
    unknown: { icon: UnknownIcon, look: { color: "grey" } },
};

export function StatusLabel({ meaning }: { meaning: Meaning }) {
    const { icon: Icon, look } = LOOKS[meaning.tone];
    return <Label variant="outline" icon={<Icon />} {...look}>{meaning.label}</Label>;
}
