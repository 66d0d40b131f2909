// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";

import { LoadingCards } from "../app/FirstConnection";
import { FROM_GUESTS, go, href } from "../app/route";
import { ErrorAlert } from "../common/ErrorAlert";
import { LimitedAccess } from "../common/LimitedAccess";
import { Notice } from "../common/Notice";
import { PageFrame } from "../common/PageFrame";
import { bytes } from "../format";
import type { MachinesClonePlanResult, RhvError } from "../generated/wire";
import { _, plural, text } from "../i18n";
import { useCall, usePrivileged, useTopicValue } from "../rpc/hooks";
import { asError } from "../rpc/topics";
import { Button, Card, CardBody } from "../pf";
import { PlaceField, TextField } from "./Field";
import { told, type Problems } from "./form";
import { Checkbox, Form } from "./pf";

type Plan = MachinesClonePlanResult;

/** What becomes of each disk, and what a copy does not have. */
function Disks({ plan }: { plan: Plan }) {
    return (
        <ul className="rhv-list" id="clone-disks">
            {plan.disks.map(({ target, source, size_bytes, copied, obstacle }) => (
                <li key={target} data-disk={target}>
                    <span className="rhv-path">{target} {source}</span>{": "}
                    {obstacle && text(obstacle)}
                    {!obstacle && copied && _("copied, up to {size}", { size: bytes(size_bytes) })}
                    {!obstacle && !copied && _("used by both: it is read-only or shareable")}
                </li>
            ))}
            {plan.snapshots > 0 && <li>{plural("{count} snapshot stays with the original", "{count} snapshots stay with the original", plan.snapshots)}</li>}
            {plan.nvram && <li>{_("EFI variables begin anew")}</li>}
        </ul>
    );
}

function CloneForm({ uuid, plan }: { uuid: string; plan: Plan }) {
    const call = useCall();
    const privileged = usePrivileged();
    const [name, setName] = useState(plan.name);
    const [folder, setFolder] = useState(plan.folder);
    const [start, setStart] = useState(false);
    const [found, setFound] = useState<Problems>({});
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<RhvError | null>(null);
    const blocked = !plan.off || plan.disks.some(({ obstacle }) => obstacle !== null);
    const clone = () => {
        setBusy(true);
        setError(null);
        call("machines.clone", { uuid, name: name.trim(), folder: folder.trim(), start }).then(({ errors, job }) => {
            setFound(told(errors));
            if (job !== null)
                go({ page: "job", id: job, from: FROM_GUESTS });
        }, (reason: unknown) => setError(asError(reason).error)).finally(() => setBusy(false));
    };
    return (
        <Form isWidthLimited onSubmit={event => {
            event.preventDefault();
            if (!busy && !blocked && privileged)
                clone();
        }}>
            {error && <ErrorAlert error={error} title={_("The guest was not cloned")} />}
            {!plan.off && <Notice variant="warning" title={_("The guest is not off")}>{_("Shut it down or power it off first.")}</Notice>}
            {plan.off && blocked && (
                <Notice variant="warning" title={_("This guest cannot be cloned here")}>{_("A disk of it cannot be copied; the list says why.")}</Notice>
            )}
            <p>{_("The copy gets a name, a UUID, MAC addresses and disks of its own; everything else is as in the original. What lies on the disks is the same, too: host name, keys and fixed addresses.")}</p>
            <Disks plan={plan} />
            <TextField id="clone-name" label={_("Name of the copy")} value={name} problem={found.name} onChange={value => {
                setName(value);
                setFound({});
            }} />
            {plan.disks.some(({ copied }) => copied) && (
                <PlaceField value={folder} places={plan.places} problem={found.folder} onChange={value => {
                    setFolder(value);
                    setFound({});
                }} />
            )}
            <Checkbox id="clone-start" label={_("Start it when it is created")} isChecked={start} onChange={(_event, checked) => setStart(checked)} />
            <div className="rhv-buttons">
                <Button type="submit" id="clone-confirm" isLoading={busy} spinnerAriaValueText={_("Running")} isDisabled={busy || blocked || !privileged}>
                    {_("Clone")}
                </Button>
                <Button variant="link" component="a" href={href({ page: "guest", uuid, query: {} })}>{_("Cancel")}</Button>
            </div>
        </Form>
    );
}

/** A copy of a guest. */
export default function ClonePage({ uuid }: { uuid: string }) {
    const call = useCall();
    const privileged = usePrivileged();
    const name = useTopicValue("machines")?.machines[uuid]?.name;
    const state = useTopicValue("machines")?.machines[uuid]?.state;
    const [plan, setPlan] = useState<Plan | null>(null);
    const [error, setError] = useState<RhvError | null>(null);
    // Read anew when the guest starts or stops: a guest that was shut down elsewhere can be cloned now.
    useEffect(() => {
        if (!privileged)
            return undefined;
        let wanted = true;
        call("machines.clone_plan", { uuid }).then(result => {
            if (!wanted)
                return;
            setPlan(result);
            setError(null);
        }, (reason: unknown) => wanted && setError(asError(reason).error));
        return () => {
            wanted = false;
        };
    }, [call, uuid, state, privileged]);
    const title = name === undefined ? _("Clone a guest") : _("Clone {name}", { name });
    const above = (
        <Button variant="link" isInline component="a" className="rhv-back" href={href({ page: "guest", uuid, query: {} })} id="clone-back">
            {_("Back to the guest")}
        </Button>
    );
    return (
        <PageFrame page="clone" state={error ? "error" : plan || !privileged ? "ready" : "loading"} title={title} above={above}>
            <LimitedAccess>{_("You can look. Creating a guest needs administrative access.")}</LimitedAccess>
            {error && <ErrorAlert error={error} title={_("What a copy of this guest would be cannot be read")} />}
            {!plan && !error && privileged && <LoadingCards />}
            {plan && <Card component="section"><CardBody><CloneForm uuid={uuid} plan={plan} /></CardBody></Card>}
        </PageFrame>
    );
}
