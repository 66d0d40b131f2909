// SPDX-License-Identifier: Apache-2.0
import { Spinner } from "../../pf";
import { ProgressStep, ProgressStepper } from "./pf";
import { clock, estimate } from "../../format";
import type { JobStatus, PhaseStatus } from "../../generated/wire";
import { _, text } from "../../i18n";
import type { Live } from "../../rpc/merge";
import { phaseWord } from "./words";

const VARIANTS: Record<PhaseStatus["state"], "pending" | "info" | "success" | "danger" | "warning"> = {
    pending: "pending", running: "info", done: "success", failed: "danger", cancelled: "warning",
};

function timing(phase: Live<PhaseStatus>, since: number): string {
    if (phase.state === "pending")
        return estimate(phase.expected_s);
    if (phase.elapsed_s === undefined)
        return "";
    return clock(phase.elapsed_s + (phase.state === "running" ? since : 0));
}

/** The job's phases from top to bottom, each with its time. */
export function Phases({ status, elapsed }: { status: Live<JobStatus>; elapsed: number }) {
    const since = Math.max(0, elapsed - status.elapsed_s);
    return (
        <ProgressStepper isVertical aria-label={_("Phases")}>
            {status.phases.map(phase => (
                <ProgressStep key={phase.id} id={`phase-${phase.id}`} titleId={`phase-${phase.id}-title`}
                              variant={VARIANTS[phase.state]} isCurrent={phase.state === "running"}
                              aria-label={`${text(phase.title)}: ${phaseWord(phase.state)}`}
                              description={timing(phase, since)} data-phase-state={phase.state}
                              {...(phase.state === "running" && { icon: <Spinner isInline aria-hidden aria-label={_("Running")} aria-valuetext={_("Running")} /> })}>
                    {text(phase.title)}
                </ProgressStep>
            ))}
        </ProgressStepper>
    );
}
