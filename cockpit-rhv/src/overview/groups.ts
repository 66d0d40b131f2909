// SPDX-License-Identifier: Apache-2.0
// How the results of the checks are put before a reader.
import { ORDER, type Severity } from "../checks/severity";
import type { CheckResult, Health } from "../generated/wire";
import { text } from "../i18n";
import type { Live } from "../rpc/merge";

export type Check = Live<CheckResult>;

export interface Groups {
    /** Errors, then warnings. */
    urgent: Check[];
    /** What could not be read; those with the same reason together: one libvirt that is down is one trouble, not nine. */
    unknown: Check[][];
    fine: Check[];
    absent: Check[];
    counts: Record<Severity, number>;
}

export function grouped(health: Pick<Live<Health>, "results" | "order">): Groups {
    const checks = health.order.map(id => health.results[id]).filter(check => check !== undefined);
    const of = (severity: Severity) => checks.filter(check => check.severity === severity);
    const reasons = new Map<string, Check[]>();
    for (const check of of("unknown")) {
        const reason = text(check.summary);
        reasons.set(reason, [...reasons.get(reason) ?? [], check]);
    }
    return {
        urgent: [...of("error"), ...of("warning")],
        unknown: [...reasons.values()],
        fine: of("ok"),
        absent: of("not_applicable"),
        counts: Object.fromEntries(ORDER.map(severity => [severity, of(severity).length])) as Record<Severity, number>,
    };
}
