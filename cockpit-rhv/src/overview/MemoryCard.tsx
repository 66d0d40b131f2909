// SPDX-License-Identifier: Apache-2.0
import { Facts, type Fact } from "../common/Facts";
import { mebibytes, percent } from "../format";
import type { Load } from "../generated/wire";
import { _, plural } from "../i18n";
import { Card, CardBody, CardTitle } from "../pf";
import { useTopicValue } from "../rpc/hooks";
import type { Live } from "../rpc/merge";

function pressure({ cpu, memory, io }: Live<Load>["pressure"]): string | null {
    if (!cpu && !memory && !io)
        return null;
    const word = (value: { some_10: number } | undefined) => (value ? percent(value.some_10 / 100) : "–");
    return _("processors {cpu}, memory {memory}, disks {io}", { cpu: word(cpu), memory: word(memory), io: word(io) });
}

function merging(ksm: Live<Load>["ksm"]): string {
    if (!ksm)
        return _("not in this kernel");
    return ksm.running ? _("on, saves {size}", { size: mebibytes(ksm.saved_mib) }) : _("off");
}

/** What a graph would not tell: waiting, merged pages, huge pages, nodes. */
export function MemoryCard() {
    const load = useTopicValue("load");
    if (!load)
        return null; // the card of the graphs says why
    const waiting = pressure(load.pressure);
    const facts: Fact[] = [
        {
            id: "pressure",
            term: _("Time waited"),
            value: waiting ?? _("not measured by this kernel"),
        },
        { id: "ksm", term: _("Merged pages"), value: merging(load.ksm) },
        {
            id: "huge-pages",
            term: _("Huge pages"),
            value: load.huge_pages.length === 0 ? _("none set aside") : (
                <ul>
                    {load.huge_pages.map(({ size_kib, total, free }) => (
                        <li key={size_kib}>
                            {_("{free} of {total} free, {size} each", { free, total, size: mebibytes(size_kib / 1024) })}
                        </li>
                    ))}
                </ul>
            ),
        },
        {
            id: "numa",
            term: _("Memory nodes"),
            value: load.numa.length < 2 ? _("one") : (
                <ul>
                    {load.numa.map(({ node, cpus, total_mib, free_mib }) => (
                        <li key={node}>
                            {_("node {node}: {free} of {total} free", { node, free: mebibytes(free_mib), total: mebibytes(total_mib) })}
                            {", "}
                            {plural("{count} thread", "{count} threads", cpus)}
                        </li>
                    ))}
                </ul>
            ),
        },
    ];
    return (
        <Card component="section">
            <CardTitle component="h2">{_("Memory and waiting")}</CardTitle>
            <CardBody><Facts facts={facts} /></CardBody>
        </Card>
    );
}
