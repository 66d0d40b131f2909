// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState, type ReactNode } from "react";

import { href } from "../../app/route";
import { ErrorAlert } from "../../common/ErrorAlert";
import { LimitedAccess } from "../../common/LimitedAccess";
import { Notice } from "../../common/Notice";
import { _ } from "../../i18n";
import { ChangeBanner, isGoingOn } from "../../networks/ChangeBanner";
import { BridgeDialog, bridgeable } from "../../networks/CreateDialogs";
import { byName, type HostNetworks } from "../../networks/types";
import { ownerWord } from "../../networks/words";
import { Button, Skeleton, Title } from "../../pf";
import { usePrivileged, useTopic, useTopicValue } from "../../rpc/hooks";

/** A bridge that was asked for in the wizard, and the job that makes it. */
export interface Making {
    job: string;
    name: string;
}

interface BridgeQuestionProps {
    making: Making | null;
    /** The bridge is there and stays. */
    onMade: (name: string) => void;
}

/** How the change goes on, with the question that must be answered in time; in every step, for it does not wait. */
export function BridgeQuestion({ making, onMade }: BridgeQuestionProps) {
    const change = useTopicValue("networks")?.change;
    const made = making !== null && change?.job === making.job && change.state === "kept" ? making.name : null;
    useEffect(() => {
        if (made !== null)
            onMade(made);
    }, [made, onMade]);
    return <ChangeBanner change={change} />;
}

/**
 * Has a bridge made from inside the wizard, with the same preview, job and question as on the page Networks.
 * `children`: the question.
 */
export function BridgeMaker({ onMaking, children }: { onMaking: (making: Making) => void; children: ReactNode }) {
    const topic = useTopic("networks");
    return (
        <section aria-labelledby="bridge-maker-title" data-bridge-maker={topic.state} className="rhv-trial">
            <Title headingLevel="h3" size="md" id="bridge-maker-title">{_("No suitable bridge?")}</Title>
            {children}
            {topic.state === "loading" && <Skeleton screenreaderText={_("The host's networks are being read")} width="60%" />}
            {topic.state === "error" && <ErrorAlert error={topic.error} variant="warning" title={_("The host's networks cannot be read")} />}
            {topic.state === "ready" && <Offer networks={topic.value} onMaking={onMaking} />}
        </section>
    );
}

function Offer({ networks, onMaking }: { networks: HostNetworks; onMaking: (making: Making) => void }) {
    const privileged = usePrivileged();
    const [open, setOpen] = useState(false);
    const { change, links } = networks;
    const obstacle = obstacleOf(networks);
    return (
        <>
            <LimitedAccess>{_("Making a bridge needs administrative access. What you have entered stays.")}</LimitedAccess>
            {obstacle ?? (
                <>
                    <p className="rhv-muted">
                        {_("This host can make one upon a card, a bond or a VLAN; the host's address moves to it. The page may lose the host for some seconds. You are then asked whether it works: without an answer in time everything becomes as it is now.")}
                    </p>
                    <div>
                        <Button variant="secondary" id="make-bridge" isDisabled={!privileged || isGoingOn(change)} onClick={() => setOpen(true)}>
                            {_("Make a bridge")}
                        </Button>
                    </div>
                </>
            )}
            {open && <BridgeDialog links={links} onClose={() => setOpen(false)} onStarted={onMaking} />}
        </>
    );
}

/** Why this host cannot have one made, and what to do instead; null when it can. */
function obstacleOf({ links, libvirt, manager }: HostNetworks): ReactNode {
    const elsewhere = (
        <>
            {_("Use a bridge that is there already, or libvirt's NAT network.")}
            {" "}
            <Button variant="link" isInline component="a" href={href({ page: "networks" })}>{_("Show the host's networks")}</Button>
        </>
    );
    const refused = (reason: string, more?: ReactNode) =>
        <Notice variant="info" title={reason} id="no-bridge-maker">{more}{elsewhere}</Notice>;
    if (manager.error)
        return <ErrorAlert error={manager.error} variant="warning" title={_("No bridge can be made: what NetworkManager looks after is not known")}>{elsewhere}</ErrorAlert>;
    switch (manager.state) {
    case "absent": return refused(_("No bridge can be made: NetworkManager is not installed on this host"));
    case "stopped": return refused(_("No bridge can be made: NetworkManager does not run on this host"));
    case "unknown": return refused(_("No bridge can be made: what NetworkManager looks after is not known"));
    case "running":
    }
    if (!libvirt.known)
        return refused(_("No bridge can be made: which networks libvirt has is not known"));
    if (bridgeable(links).length > 0)
        return null;
    const cards = Object.values(links).filter(({ kind }) => kind === "ethernet" || kind === "bond" || kind === "vlan").sort(byName);
    return refused(_("No bridge can be made: NetworkManager looks after no card that is free"), cards.length > 0 && (
        <ul>
            {cards.map(({ name, owner, controller }) => (
                <li key={name}>
                    {controller === undefined
                        ? _("{name}, looked after by: {owner}", { name, owner: ownerWord(owner.kind) })
                        : _("{name} is part of {controller}", { name, controller })}
                </li>
            ))}
        </ul>
    ));
}
