// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { ErrorAlert } from "../../common/ErrorAlert";
import { PageFrame } from "../../common/PageFrame";
import { ToneIcon } from "../../common/Status";
import type { Engine, EngineConfig, RhvError } from "../../generated/wire";
import { _ } from "../../i18n";
import { useTopicValue } from "../../rpc/hooks";
import type { Live } from "../../rpc/merge";
import { Alert, Card, CardBody, CardTitle, Title } from "../../pf";
import { LibvirtNotice } from "../before/LibvirtNotice";
import { LimitedAccess } from "../LimitedAccess";
import { Components } from "./Components";
import { EngineActions } from "./EngineActions";
import { EngineFacts } from "./EngineFacts";
import { History } from "./History";
import { Trust } from "./Trust";
import { headline } from "./headline";

/** A deployed engine: does it run, where is it, what can be done with it. */
export default function DeployedPage({ engine, config }: { engine: Live<Engine>; config: Live<EngineConfig> }) {
    const machines = useTopicValue("machines");
    const [error, setError] = useState<RhvError | null>(null);
    const uuid = engine.uuid ?? config.uuid;
    const machine = machines?.machines[uuid] ?? null;
    const { tone, state, title, detail } = headline(engine);

    return (
        <PageFrame page="engine" state="deployed" title={_("Hosted engine")}
                   actions={<EngineActions config={config} uuid={uuid} off={state === "stopped"} onError={setError} />}>
            {error && <ErrorAlert error={error} />}
            <LimitedAccess>{_("You can look. Starting, stopping and the console need administrative access.")}</LimitedAccess>
            {machines && <LibvirtNotice libvirt={machines.libvirt} />}
            <section className="rhv-headline" data-engine={state} aria-live="polite">
                <ToneIcon tone={tone} size="xl" />
                <div>
                    <Title headingLevel="h2" size="xl">{title}</Title>
                    {detail !== null && <p>{detail}</p>}
                </div>
            </section>
            {engine.reachable_only_here && (
                <Alert variant="info" isInline isPlain id="nat-note" title={_("Only this host reaches the Manager")}>
                    {_("The engine VM is behind this host's NAT network: open the portal from a browser on this host, or through a tunnel to it.")}
                </Alert>
            )}
            <div className="rhv-cards">
                <Card component="section">
                    <CardTitle component="h2">{_("Components")}</CardTitle>
                    <CardBody><Components components={engine.components} /></CardBody>
                </Card>
                <Card component="section">
                    <CardTitle component="h2">{_("Engine VM")}</CardTitle>
                    <CardBody><EngineFacts engine={engine} config={config} machine={machine} /></CardBody>
                </Card>
                <Card component="section">
                    <CardTitle component="h2">{_("Trust in the browser")}</CardTitle>
                    <CardBody><Trust config={config} /></CardBody>
                </Card>
                <Card component="section">
                    <CardTitle component="h2">{_("Deployments")}</CardTitle>
                    <CardBody><History /></CardBody>
                </Card>
            </div>
        </PageFrame>
    );
}
