// SPDX-License-Identifier: Apache-2.0
import { ErrorAlert } from "../common/ErrorAlert";
import { Notice } from "../common/Notice";
import { _, text } from "../i18n";
import { Card, CardBody, CardTitle, ExpandableSection } from "../pf";
import { byName, type HostNetworks } from "./types";
import { ownerWord } from "./words";

/** Why NetworkManager cannot change anything, where it cannot. */
export function ManagerNotice({ networks: { manager } }: { networks: HostNetworks }) {
    if (manager.state === "running")
        return null;
    if (manager.error)
        return <ErrorAlert error={manager.error} variant="warning" title={_("What NetworkManager looks after is not known")} />;
    return (
        <Notice variant="info" id="no-manager"
                title={manager.state === "absent" ? _("NetworkManager is not installed on this host") : _("NetworkManager does not run on this host")}>
            {_("Networks can be looked at. They are changed by the programs that are named with them.")}
        </Notice>
    );
}

/** Whatever another program configures, and how it is handed over to NetworkManager. */
export function HandoverCard({ networks: { links } }: { networks: HostNetworks }) {
    const rows = Object.values(links).filter(({ handover }) => handover.length > 0).sort(byName);
    if (rows.length === 0)
        return null;
    return (
        <Card component="section" data-card="handover">
            <CardTitle component="h2">{_("Handing over to NetworkManager")}</CardTitle>
            <CardBody>
                <p>{_("NetworkManager takes a change back by itself when it cuts the host off. It can do so for what it looks after.")}</p>
                {rows.map(({ name, owner, handover }) => (
                    <ExpandableSection key={name} toggleText={_("{name}, looked after by: {owner}", { name, owner: ownerWord(owner.kind) })}>
                        <ol className="rhv-steps" data-handover={name}>
                            {handover.map(step => <li key={step.id}>{text(step)}</li>)}
                        </ol>
                    </ExpandableSection>
                ))}
            </CardBody>
        </Card>
    );
}
