// SPDX-License-Identifier: Apache-2.0
import { FROM_OVERVIEW } from "../app/route";
import { consequence, MODES, title } from "../checks/haModes";
import type { Mode } from "../checks/haModes";
import { TONES } from "../checks/severity";
import { Status } from "../common/Status";
import { RemedyAction } from "../engine/remedy/RemedyAction";
import type { Remedy } from "../generated/wire";
import { text } from "../i18n";
import { Card, CardBody, CardTitle } from "../pf";
import { useTopicValue } from "../rpc/hooks";

function remedy(mode: Mode): Remedy {
    return { task: "ha_maintenance", params: { mode }, title: { id: `ha.${mode}`, text: title(mode), params: {} } };
}

/** The hosted engine of an oVirt host as its agents tell it, and the modes in which they leave it alone. */
export function HaCard() {
    const health = useTopicValue("health");
    const check = health?.results["engine.ha"];
    if (!check || check.severity === "not_applicable")
        return null;
    return (
        <Card component="section" data-card="ha">
            <CardTitle component="h2">{text(check.title)}</CardTitle>
            <CardBody>
                <p><Status tone={TONES[check.severity]}>{text(check.summary)}</Status></p>
                <dl className="rhv-raw-facts">
                    {check.evidence.map(({ source, value }) => (
                        <div key={`${source} ${value}`}><dt>{source}</dt><dd><code>{value}</code></dd></div>
                    ))}
                </dl>
                <div className="rhv-ha-modes">
                    {MODES.map(mode => (
                        // The checks run again by themselves when the task has ended.
                        <RemedyAction key={mode} of={`ha/${mode}`} remedy={remedy(mode)} from={FROM_OVERVIEW}
                                      onDone={() => undefined} once
                                      confirm={{ title: title(mode), body: consequence(mode) }} />
                    ))}
                </div>
            </CardBody>
        </Card>
    );
}
