// SPDX-License-Identifier: Apache-2.0
import { memo } from "react";

import { ErrorAlert } from "../common/ErrorAlert";
import { bytes, mebibytes, number, percent } from "../format";
import type { Load, LoadPoint } from "../generated/wire";
import { _, plural } from "../i18n";
import { Card, CardBody, CardTitle, Skeleton } from "../pf";
import { useTopic } from "../rpc/hooks";
import type { Live } from "../rpc/merge";
import { Chart } from "./Chart";
import type { Sample } from "./lines";

type Field = Exclude<keyof LoadPoint, "at_s">;

const ratio = (value: number) => percent(value / 100);
const rate = (value: number) => _("{size}/s", { size: bytes(value) });

function samples(points: readonly Live<LoadPoint>[], ...fields: Field[]): Sample[] {
    return points.map(point => {
        const values = fields.map(field => point[field]);
        return { at: point.at_s, value: values.some(value => value === undefined) ? null : values.reduce<number>((sum, value) => sum + (value ?? 0), 0) };
    });
}

const Graphs = memo(function Graphs({ load }: { load: Live<Load> }) {
    const points = Object.values(load.points);
    const common = { width: load.kept * load.step_s, step: load.step_s };
    const { total_mib, swap_total_mib } = load.memory;
    return (
        <div className="rhv-graphs">
            <Chart id="cpu" title={_("Processors")} write={ratio} max={100} {...common}
                   series={[
                       { name: _("in use"), samples: samples(points, "user", "system") },
                       { name: _("waiting for disks"), samples: samples(points, "waiting") },
                   ]}
                   note={_("load {value}", { value: number(load.load_5min, 1) })} />
            <Chart id="memory" title={_("Memory")} write={mebibytes} max={total_mib} {...common}
                   series={[
                       { name: _("in use"), samples: samples(points, "memory_mib") },
                       ...swap_total_mib > 0 ? [{ name: _("swapped out"), samples: samples(points, "swap_mib") }] : [],
                   ]}
                   note={_("of {total}", { total: mebibytes(total_mib) })} />
            <Chart id="disks" title={_("Disks")} write={rate} least={1024 * 1024} {...common}
                   series={[
                       { name: _("read"), samples: samples(points, "read_bps") },
                       { name: _("written"), samples: samples(points, "written_bps") },
                   ]}
                   note={plural("{count} disk", "{count} disks", load.disks.length)} />
            <Chart id="network" title={_("Network")} write={rate} least={128 * 1024} {...common}
                   series={[
                       { name: _("received"), samples: samples(points, "received_bps") },
                       { name: _("sent"), samples: samples(points, "sent_bps") },
                   ]}
                   note={load.nics.join(", ")} />
        </div>
    );
});

/** What the host does now, and did in the last minutes. */
export function LoadCard() {
    const topic = useTopic("load");
    if (topic.state === "loading")
        return <div className="rhv-card-skeleton" aria-busy="true"><Skeleton screenreaderText={_("Loading")} /><Skeleton height="12rem" /></div>;
    if (topic.state === "error")
        return <ErrorAlert error={topic.error} title={_("The load of this host cannot be shown")} />;
    return (
        <Card component="section" data-load={Object.keys(topic.value.points).length}>
            <CardTitle component="h2">{_("Load")}</CardTitle>
            <CardBody>
                <Graphs load={topic.value} />
            </CardBody>
        </Card>
    );
}
