// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { href } from "../../app/route";
import { ErrorAlert } from "../../common/ErrorAlert";
import { PageFrame } from "../../common/PageFrame";
import { estimate } from "../../format";
import type { RhvError } from "../../generated/wire";
import { _, text } from "../../i18n";
import { useTopicValue } from "../../rpc/hooks";
import { Button, Card, CardBody, CardTitle, Title } from "../../pf";
import { useDraft } from "../draft-context";
import { History } from "../History";
import { LimitedAccess } from "../../common/LimitedAccess";
import { LoadAnswers } from "../LoadAnswers";
import { RunningNotice, useRunningOperation } from "../RunningNotice";
import { HostFacts } from "./HostFacts";
import { LibvirtNotice } from "../../common/LibvirtNotice";

/** What will happen, in the words and with the durations of the deployment itself. */
function Plan() {
    const { draft, error } = useDraft();
    if (error)
        return <ErrorAlert error={error} title={_("The deployment's plan cannot be read")} />;
    const phases = draft?.form.phases ?? [];
    return (
        <ol className="rhv-plan">
            {phases.map(({ id, title, expected_s }) => (
                <li key={id}>
                    <span>{text(title)}</span>
                    <span className="rhv-muted">{estimate(expected_s)}</span>
                </li>
            ))}
        </ol>
    );
}

export function BeforePage() {
    const { draft, error } = useDraft();
    const machines = useTopicValue("machines");
    const operation = useRunningOperation();
    const [refused, setRefused] = useState<RhvError | null>(null);
    const total = draft?.form.phases.reduce((sum, phase) => sum + phase.expected_s, 0);
    const absent = machines?.libvirt.state === "absent";

    return (
        <PageFrame page="engine" state={draft || error ? "ready" : "loading"} view="none" title={_("Hosted engine")}>
            <LimitedAccess>
                {_("You can look around and prepare a deployment. Starting it needs administrative access.")}
            </LimitedAccess>
            <RunningNotice job={operation} />
            {refused && <ErrorAlert error={refused} title={_("The file was not loaded")} />}
            {machines && <LibvirtNotice libvirt={machines.libvirt} />}
            <Card component="section" aria-labelledby="hero-title">
                <CardBody className="rhv-hero">
                    <Title headingLevel="h2" size="xl" id="hero-title">{_("This host has no engine yet")}</Title>
                    <p>
                        {_("A hosted engine is a virtual machine on this host in which the Manager runs: the one place from which hosts, guests, storage and networks are managed together, in a browser or through its API.")}
                    </p>
                    <p>
                        {_("Everything has a sensible default. You choose the Manager's password, look at a summary, and start; nothing is changed on this host before that.")}
                    </p>
                    <div className="rhv-hero__actions">
                        <Button component="a" href={href({ page: "deploy", step: null })} size="lg" id="deploy-engine"
                                isAriaDisabled={absent}
                                {...(absent && { "aria-describedby": "libvirt-notice" })}>
                            {_("Deploy the engine")}
                        </Button>
                        {total !== undefined && (
                            <span className="rhv-muted">{_("Takes {time}", { time: estimate(total) })}</span>
                        )}
                        <LoadAnswers onError={setRefused} />
                    </div>
                </CardBody>
            </Card>
            <div className="rhv-cards">
                <Card component="section">
                    <CardTitle component="h2">{_("What this host offers")}</CardTitle>
                    <CardBody><HostFacts /></CardBody>
                </Card>
                <Card component="section">
                    <CardTitle component="h2">{_("What will happen")}</CardTitle>
                    <CardBody><Plan /></CardBody>
                </Card>
            </div>
            <History />
        </PageFrame>
    );
}
