// SPDX-License-Identifier: Apache-2.0
import { useState, type ReactNode } from "react";

import { Facts, type Fact } from "../common/Facts";
import { duration, mebibytes } from "../format";
import { ownerWord, type Guest } from "../guests/states";
import { _, plural } from "../i18n";
import { Button, Card, CardBody, CardTitle } from "../pf";
import { useHostClock } from "../rpc/hooks";
import { AmountsDialog, type Kind } from "./AmountsDialog";
import { BootDialog } from "./BootDialog";
import { now, type CardProps, type Definition, type Details } from "./types";
import { deviceWord, systemWord } from "./words";

function Uptime({ guest }: { guest: Guest }) {
    const clock = useHostClock(1000);
    if (guest.started_s === undefined || clock === null)
        return <span className="rhv-muted">{guest.state === "shut_off" ? _("it is off") : _("not known")}</span>;
    return <>{duration(Math.max(0, clock - guest.started_s))}</>;
}

/** "2 now, 4 after the next start", where the two differ. */
function difference(running: string | undefined, stored: string | undefined): ReactNode {
    if (running === undefined || stored === undefined || running === stored)
        return running ?? stored ?? "–";
    return <span data-differs>{_("{running} now, {stored} after the next start", { running, stored })}</span>;
}

/** The maximum, told as the amount is: one that changes with the next start is another one now. */
function most(running: string | undefined, stored: string | undefined): ReactNode {
    if (running !== undefined && stored !== undefined && running !== stored)
        return <span className="rhv-muted" data-most-differs>{_("(at most {running} now, {stored} after the next start)", { running, stored })}</span>;
    return <span className="rhv-muted">{_("of at most {most}", { most: running ?? stored ?? "–" })}</span>;
}

function Edit({ id, label, onClick, isDisabled }: { id: string; label: string; onClick: () => void; isDisabled: boolean }) {
    return <Button variant="link" isInline id={id} aria-label={label} onClick={onClick} isDisabled={isDisabled}>{_("change")}</Button>;
}

function vcpus({ live, stored }: Details): ReactNode {
    const count = (value: number | undefined) => (value === undefined ? undefined : plural("{count} vCPU", "{count} vCPUs", value));
    return <>{difference(count(live?.vcpus), count(stored?.vcpus))} {most(live?.vcpus_max.toString(), stored?.vcpus_max.toString())}</>;
}

function memory({ live, stored }: Details): ReactNode {
    const amount = (value: number | undefined) => (value === undefined ? undefined : mebibytes(value));
    return <>{difference(amount(live?.memory_mib), amount(stored?.memory_mib))} {most(amount(live?.memory_max_mib), amount(stored?.memory_max_mib))}</>;
}

function boot({ live, stored }: Details): ReactNode {
    const words = (definition: Definition) => definition.boot.map(key => deviceWord(key, definition)).join(", ") || _("left to the firmware");
    const [running, next] = [live && words(live), stored && words(stored)];
    return (
        <>
            {running ?? next ?? "–"}
            {running !== undefined && next !== undefined && running !== next && (
                <div data-differs>{_("after the next start: {source}", { source: next })}</div>
            )}
        </>
    );
}

/** Who this guest is, and what it has. */
export function FactsCard({ guest, details, locked }: CardProps) {
    const [edited, setEdited] = useState<Kind | "boot" | null>(null);
    const close = () => setEdited(null);
    const definition = now(details);
    const addresses = guest.addresses ?? [];
    const facts: Fact[] = [
        { id: "uptime", term: _("Running for"), value: <Uptime guest={guest} /> },
        {
            id: "addresses",
            term: _("Addresses"),
            value: addresses.length > 0 ? addresses.map(address => <div key={address}>{address}</div>) : <span className="rhv-muted">{_("none known")}</span>,
        },
        {
            id: "vcpus",
            term: _("vCPUs"),
            value: <>{vcpus(details)} <Edit id="edit-vcpus" label={_("Change vCPUs")} isDisabled={locked} onClick={() => setEdited("vcpus")} /></>,
        },
        {
            id: "memory",
            term: _("Memory"),
            value: <>{memory(details)} <Edit id="edit-memory" label={_("Change memory")} isDisabled={locked} onClick={() => setEdited("memory")} /></>,
        },
        {
            id: "boot",
            term: _("Starts from"),
            value: (
                <>
                    {boot(details)}{" "}
                    {details.stored && <Edit id="edit-boot" label={_("Change the boot order")} isDisabled={locked} onClick={() => setEdited("boot")} />}
                </>
            ),
        },
        ...definition?.system === undefined ? [] : [{ id: "system", term: _("System"), value: systemWord(definition.system) }],
        {
            id: "machine",
            term: _("Machine"),
            value: [definition?.arch, definition?.chipset, definition?.firmware === "efi" ? "EFI" : "BIOS"].filter(part => part !== undefined).join(", "),
        },
        {
            id: "stored",
            term: _("Definition"),
            value: guest.persistent
                ? guest.autostart ? _("stored, starts with the host") : _("stored, does not start with the host")
                : _("not stored: the guest is gone when it is off"),
        },
        { id: "owner", term: _("Owner"), value: ownerWord(guest.owner) },
        { id: "uuid", term: "UUID", value: <span className="rhv-mono">{guest.uuid}</span> },
    ];
    return (
        <Card component="section" data-card="facts">
            <CardTitle component="h2">{_("This guest")}</CardTitle>
            <CardBody><Facts facts={facts} /></CardBody>
            {(edited === "vcpus" || edited === "memory") && <AmountsDialog kind={edited} uuid={guest.uuid} details={details} onClose={close} />}
            {edited === "boot" && details.stored && <BootDialog uuid={guest.uuid} stored={details.stored} onClose={close} />}
        </Card>
    );
}
