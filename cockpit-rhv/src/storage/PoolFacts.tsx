// SPDX-License-Identifier: Apache-2.0
import { Facts, type Fact } from "../common/Facts";
import { bytes, number } from "../format";
import { _ } from "../i18n";
import { Chart } from "../overview/Chart";
import { Card, CardBody, CardTitle } from "../pf";
import { Fullness } from "./Fullness";
import { KEPT, STEP_S, samples, useHistory } from "./history";
import { kindWord, type Pool } from "./words";

const milliseconds = (value: number) => _("{time} ms", { time: number(value, 1) });

/** Where the domain is, and who owns its folder. */
export function FactsCard({ pool }: { pool: Pool }) {
    const path = (value: string | undefined) => (value === undefined ? "–" : <span className="rhv-path">{value}</span>);
    const facts: Fact[] = [
        { id: "kind", term: _("Type"), value: kindWord(pool.kind) },
        { id: "source", term: _("Source"), value: path(pool.source) },
        { id: "target", term: _("On this host"), value: path(pool.target) },
        { id: "owner", term: _("Owner"), value: pool.owner ?? _("as libvirt chooses") },
        { id: "full", term: _("In use"), value: <Fullness pool={pool} /> },
        { id: "free", term: _("Free"), value: pool.available_bytes === undefined || pool.error ? "–" : bytes(pool.available_bytes) },
        { id: "autostart", term: _("With the host"), value: pool.autostart ? _("activated") : _("left off") },
        ...pool.persistent ? [] : [{ id: "transient", term: _("Definition"), value: _("none: it is forgotten when it is deactivated") }],
        { id: "uuid", term: _("UUID"), value: <span className="rhv-path">{pool.uuid}</span> },
    ];
    return (
        <Card component="section" data-card="facts">
            <CardTitle component="h2">{_("Storage domain")}</CardTitle>
            <CardBody><Facts facts={facts} /></CardBody>
        </Card>
    );
}

/** How full it is and how fast it answers, and was since this page was opened. */
export function HistoryCard({ pool }: { pool: Pool }) {
    const readings = useHistory(pool);
    const common = { width: KEPT * STEP_S, step: STEP_S };
    const capacity = pool.capacity_bytes;
    return (
        <Card component="section" data-graphs={readings.length}>
            <CardTitle component="h2">{_("Over time")}</CardTitle>
            <CardBody>
                <div className="rhv-graphs">
                    <Chart id="used" title={_("In use")} write={bytes} {...common} {...(capacity !== undefined && { max: capacity })}
                           series={[{ name: _("in use"), samples: samples(readings, "used") }]}
                           {...(capacity !== undefined && { note: _("of {total}", { total: bytes(capacity) }) })} />
                    {pool.kind === "netfs" && (
                        <Chart id="answer" title={_("Answers in")} write={milliseconds} least={10} {...common}
                               series={[{ name: _("answers in"), samples: samples(readings, "answer") }]} />
                    )}
                </div>
            </CardBody>
        </Card>
    );
}
