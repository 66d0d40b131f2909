// SPDX-License-Identifier: Apache-2.0
import { useMemo, useState } from "react";

import { LimitedAccess } from "../common/LimitedAccess";
import { PageFrame } from "../common/PageFrame";
import { ErrorAlert } from "../common/ErrorAlert";
import type { RhvError } from "../generated/wire";
import { _ } from "../i18n";
import { useCall, usePrivileged, useTopic } from "../rpc/hooks";
import { asError } from "../rpc/topics";
import { Button, Card, CardBody, CardTitle } from "../pf";
import { Archives } from "./Archives";
import { Collecting } from "./Collecting";
import { LogTabs } from "./LogTabs";
import { Checkbox, Form, FormGroup, FormSelect, FormSelectOption } from "./pf";
import { SPANS, spanWord } from "./words";

/** The task of ansible/host, whose jobs have one phase of its name. */
const TASK = "collect-logs";

function CollectForm({ running, onStarted }: { running: boolean; onStarted: (job: string) => void }) {
    const call = useCall();
    const privileged = usePrivileged();
    const [since, setSince] = useState<(typeof SPANS)[number]>("1d");
    const [guests, setGuests] = useState(true);
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<RhvError | null>(null);
    const start = () => {
        setBusy(true);
        setError(null);
        call("tasks.start", { task: TASK, params: { since, guests: guests ? "yes" : "no" } })
            .then(({ job }) => onStarted(job), (reason: unknown) => setError(asError(reason).error)).finally(() => setBusy(false));
    };
    return (
        <Form onSubmit={event => {
            event.preventDefault();
            start();
        }}>
            {error && <ErrorAlert error={error} title={_("This was not started")} />}
            <FormGroup label={_("How far back")} fieldId="collect-since">
                <FormSelect value={since} id="collect-since" className="rhv-logs__since" isDisabled={running || !privileged}
                            onChange={(_event, value) => setSince(SPANS.find(span => span === value) ?? "1d")}>
                    {SPANS.map(span => <FormSelectOption key={span} value={span} label={spanWord(span)} />)}
                </FormSelect>
            </FormGroup>
            <Checkbox id="collect-guests" label={_("With the guests' logs")} isChecked={guests} isDisabled={running || !privileged}
                      description={_("What QEMU and the guests' serial consoles wrote: a guest's owner may not want that to leave this host.")}
                      onChange={(_event, checked) => setGuests(checked)} />
            <div>
                <Button type="submit" id="collect-start" isLoading={busy} spinnerAriaValueText={_("Running")}
                        isDisabled={busy || running || !privileged}>
                    {_("Collect logs")}
                </Button>
            </div>
        </Form>
    );
}

/** One archive for whoever helps, and those there are. */
export default function CollectPage() {
    const jobs = useTopic("jobs");
    const privileged = usePrivileged();
    const [started, setStarted] = useState<string | null>(null);
    const ours = useMemo(() => (jobs.state === "ready" ? Object.values(jobs.value.jobs) : [])
        .filter(({ kind, phases }) => kind === "task" && phases[0]?.id === TASK)
        .sort((a, b) => b.created_s - a.created_s), [jobs]);
    const running = ours.find(({ state }) => state === "running" || state === "queued");
    // One that was started here is shown to its end, whatever that is; of others a last one that came to nothing.
    const [newest] = ours;
    const failed = newest && (newest.state === "failed" || newest.state === "interrupted") ? newest.id : null;
    const shown = running?.id ?? started ?? failed;
    // Each collection that ends changes the list.
    const ended = ours.filter(({ state }) => state !== "running" && state !== "queued").map(({ id }) => id).join();
    return (
        <PageFrame page="logs" state={jobs.state === "loading" ? "loading" : "ready"} title={_("Logs")}>
            <LogTabs current="logs" />
            <LimitedAccess>{_("You can look at the events. Collecting logs needs administrative access.")}</LimitedAccess>
            <div className="rhv-cards">
                <Card component="section" id="collect">
                    <CardTitle component="h2">{_("Collect logs")}</CardTitle>
                    <CardBody>
                        <p>{_("Everything about this host in one archive, for whoever is to help: journals, logs of libvirt, QEMU and vdsm, definitions of guests, state of network and storage, health report and jobs. Passwords, keys and tokens are removed; look through it before you hand it on.")}</p>
                        {shown !== null && <Collecting key={shown} job={shown} />}
                        <CollectForm running={running !== undefined} onStarted={setStarted} />
                    </CardBody>
                </Card>
                {privileged && <Archives changed={ended} />}
            </div>
        </PageFrame>
    );
}
