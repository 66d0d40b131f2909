// SPDX-License-Identifier: Apache-2.0
import { useState, type ReactNode } from "react";

import { ErrorAlert } from "../../common/ErrorAlert";
import { PageFrame } from "../../common/PageFrame";
import { ToneIcon } from "../../common/Status";
import type { Engine, EngineConfig, RhvError } from "../../generated/wire";
import { _ } from "../../i18n";
import { useTopicValue } from "../../rpc/hooks";
import type { Live } from "../../rpc/merge";
import { Card, CardBody, CardTitle, Title } from "../../pf";
import { Notice } from "../../common/Notice";
import { LibvirtNotice } from "../../common/LibvirtNotice";
import { ConsoleCard } from "../../guest/ConsoleCard";
import { History } from "../History";
import { LimitedAccess } from "../../common/LimitedAccess";
import { RunningNotice, useRunningOperation } from "../RunningNotice";
import { UpdateCard } from "../update/UpdateCard";
import { Components } from "./Components";
import { EngineActions } from "./EngineActions";
import { EngineFacts } from "./EngineFacts";
import { Trust } from "./Trust";
import { headline } from "./headline";

function Section({ title, children }: { title: string; children: ReactNode }) {
    return (
        <Card component="section">
            <CardTitle component="h2">{title}</CardTitle>
            <CardBody>{children}</CardBody>
        </Card>
    );
}

/** A deployed engine: does it run, where is it, what can be done with it. */
export default function DeployedPage({ engine, config }: { engine: Live<Engine>; config: Live<EngineConfig> }) {
    const machines = useTopicValue("machines");
    const [error, setError] = useState<RhvError | null>(null);
    const uuid = engine.uuid ?? config.uuid;
    const machine = machines?.machines[uuid] ?? null;
    const { tone, state, title, detail } = headline(engine);
    const operation = useRunningOperation();

    return (
        <PageFrame page="engine" state="ready" view="deployed" title={_("Hosted engine")}
                   actions={<EngineActions config={config} uuid={uuid} off={state === "stopped" || machine?.state === "crashed"} onError={setError} />}>
            {error && <ErrorAlert error={error} />}
            <LimitedAccess>{_("You can look. Starting, stopping and the console need administrative access.")}</LimitedAccess>
            <RunningNotice job={operation} />
            {machines && <LibvirtNotice libvirt={machines.libvirt} />}
            <Card component="section" data-engine={state} aria-live="polite">
                <CardBody className="rhv-headline">
                    <ToneIcon tone={tone} size="xl" />
                    <div>
                        <Title headingLevel="h2" size="xl">{title}</Title>
                        {detail !== null && <p className="rhv-muted" data-health={engine.health.state}>{detail}</p>}
                    </div>
                </CardBody>
            </Card>
            {engine.reachable_only_here && (
                <Notice variant="info" isPlain id="nat-note" title={_("Only this host reaches the Manager")}>
                    {_("The engine VM is behind this host's NAT network: open the portal from a browser on this host, or through a tunnel to it.")}
                </Notice>
            )}
            {machine && <ConsoleCard guest={machine} />}
            <div className="rhv-cards">
                <div className="rhv-stack">
                    <Section title={_("Components")}><Components components={engine.components} /></Section>
                    <History />
                </div>
                <div className="rhv-stack">
                    <UpdateCard engine={engine} config={config} />
                    <Section title={_("Engine VM")}><EngineFacts engine={engine} config={config} machine={machine} /></Section>
                    <Section title={_("Trust in the browser")}><Trust config={config} /></Section>
                </div>
            </div>
        </PageFrame>
    );
}
