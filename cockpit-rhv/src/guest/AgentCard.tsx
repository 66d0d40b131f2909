// SPDX-License-Identifier: Apache-2.0
import { useCallback, useEffect, useState } from "react";

import { ErrorAlert } from "../common/ErrorAlert";
import { Facts, type Fact } from "../common/Facts";
import { bytes, percent } from "../format";
import type { AgentFacts, RhvError } from "../generated/wire";
import { _ } from "../i18n";
import { Button, Card, CardBody, CardTitle, Skeleton } from "../pf";
import { useCall, usePrivileged } from "../rpc/hooks";
import { asError } from "../rpc/topics";
import { Table, type Column } from "./Table";
import type { CardProps } from "./types";

type FileSystem = AgentFacts["file_systems"][number];

function Usage({ total_bytes: total, used_bytes: used }: FileSystem) {
    if (total === null || used === null)
        return <span className="rhv-muted">{_("unknown")}</span>;
    return <>{_("{used} of {total}", { used: bytes(used), total: bytes(total) })} <span className="rhv-muted">{percent(total > 0 ? used / total : 0)}</span></>;
}

const COLUMNS: () => Column<FileSystem>[] = () => [
    { id: "mounted", title: _("File system"), cell: ({ mounted }) => <span className="rhv-mono">{mounted}</span> },
    { id: "kind", title: _("Kind"), cell: ({ kind }) => kind },
    { id: "usage", title: _("Used"), cell: one => <Usage {...one} /> },
];

function Answer({ facts }: { facts: AgentFacts }) {
    const told: Fact[] = [
        { id: "agent-host", term: _("Name"), value: facts.hostname },
        { id: "agent-system", term: _("System"), value: facts.system },
        { id: "agent-kernel", term: _("Kernel"), value: facts.kernel },
        { id: "agent-timezone", term: _("Time zone"), value: facts.timezone },
        { id: "agent-users", term: _("Logged in"), value: facts.users.join(", ") || _("nobody") },
    ].filter(({ value }) => value !== null);
    return (
        <>
            <Facts facts={told} />
            {facts.file_systems.length > 0 && <Table labelledBy="agent-title" columns={COLUMNS()} rows={facts.file_systems} name={({ mounted }) => mounted} />}
        </>
    );
}

/** What the guest's own agent says; it is asked when the card is shown, and again on request. */
function Asked({ uuid }: { uuid: string }) {
    const call = useCall();
    const [facts, setFacts] = useState<AgentFacts | null>(null);
    const [error, setError] = useState<RhvError | null>(null);
    const [busy, setBusy] = useState(true);
    const ask = useCallback(() => call("machines.agent", { uuid }).then(
        answer => {
            setFacts(answer);
            setError(null);
        },
        (reason: unknown) => setError(asError(reason).error),
    ).finally(() => setBusy(false)), [call, uuid]);
    useEffect(() => {
        void ask();
    }, [ask]);
    const again = () => {
        setBusy(true);
        void ask();
    };
    return (
        <>
            {error && <ErrorAlert error={error} variant="warning" />}
            {facts ? <Answer facts={facts} /> : busy && <Skeleton screenreaderText={_("Loading")} />}
            <div><Button variant="secondary" size="sm" id="agent-again" isLoading={busy} isDisabled={busy} spinnerAriaValueText={_("Running")} onClick={again}>{_("Ask again")}</Button></div>
        </>
    );
}

function Body({ guest, details }: CardProps) {
    const privileged = usePrivileged();
    const agent = (details.live ?? details.stored)?.agent;
    if (agent === undefined)
        return <p className="rhv-muted">{_("The guest has no channel for an agent. With one, and qemu-guest-agent installed in it, the guest tells its file systems and who is logged in.")}</p>;
    if (!details.live)
        return <p className="rhv-muted">{_("The agent answers while the guest runs.")}</p>;
    if (agent === "disconnected")
        return <p className="rhv-muted">{_("No agent runs in the guest. Install qemu-guest-agent there and start its service; this page notices by itself.")}</p>;
    if (!privileged)
        return <p className="rhv-muted">{_("Asking the agent needs administrative access.")}</p>;
    return <Asked uuid={guest.uuid} />;
}

export function AgentCard(props: CardProps) {
    return (
        <Card component="section" data-card="agent">
            <CardTitle component="h2" id="agent-title">{_("Inside the guest")}</CardTitle>
            <CardBody className="rhv-stack"><Body {...props} /></CardBody>
        </Card>
    );
}
