// SPDX-License-Identifier: Apache-2.0
import type { StepId } from "../../form/layout";
import { _ } from "../../i18n";

export function stepTitle(step: StepId): string {
    switch (step) {
    case "engine": return _("Engine VM");
    case "network": return _("Network");
    case "storage": return _("Storage");
    }
}

export function stepIntro(step: StepId): string {
    switch (step) {
    case "engine": return _("The virtual machine in which the Manager runs, and the password for it.");
    case "network": return _("How the engine VM, and with it the Manager, is reached.");
    case "storage": return _("Where the engine VM's disk is kept.");
    }
}
