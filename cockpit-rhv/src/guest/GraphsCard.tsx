// SPDX-License-Identifier: Apache-2.0
import { bytes, mebibytes, percent } from "../format";
import type { Guest } from "../guests/states";
import { _, plural } from "../i18n";
import { Chart } from "../overview/Chart";
import type { Sample } from "../overview/lines";
import { Card, CardBody, CardTitle } from "../pf";
import { KEPT, STEP_S, useHistory, type Reading } from "./history";

const ratio = (value: number) => percent(value / 100);
const rate = (value: number) => _("{size}/s", { size: bytes(value) });

/** What the guest does, and did since this page was opened. */
export function GraphsCard({ guest }: { guest: Guest }) {
    const readings = useHistory(guest);
    const samples = (field: Exclude<keyof Reading, "at">): Sample[] => readings.map(one => ({ at: one.at, value: one[field] }));
    const common = { width: KEPT * STEP_S, step: STEP_S };
    return (
        <Card component="section" data-graphs={readings.length}>
            <CardTitle component="h2">{_("Load")}</CardTitle>
            <CardBody>
                <div className="rhv-graphs rhv-graphs--guest">
                    <Chart id="cpu" title={_("Processors")} write={ratio} max={100} {...common} series={[{ name: _("in use"), samples: samples("cpu") }]}
                           note={plural("{count} vCPU", "{count} vCPUs", guest.vcpus)} />
                    <Chart id="memory" title={_("Memory")} write={mebibytes} max={guest.memory_mib} {...common}
                           series={[{ name: _("in use"), samples: samples("memory") }]} note={_("of {total}", { total: mebibytes(guest.memory_mib) })} />
                    <Chart id="disks" title={_("Disks")} write={rate} least={1024 * 1024} {...common}
                           series={[{ name: _("read"), samples: samples("read") }, { name: _("written"), samples: samples("written") }]} />
                    <Chart id="network" title={_("Network")} write={rate} least={128 * 1024} {...common}
                           series={[{ name: _("received"), samples: samples("received") }, { name: _("sent"), samples: samples("sent") }]} />
                </div>
            </CardBody>
        </Card>
    );
}
