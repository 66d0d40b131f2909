// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";

import { LoadingCards } from "../app/FirstConnection";
import { FROM_GUESTS, go, href } from "../app/route";
import { ErrorAlert } from "../common/ErrorAlert";
import { LimitedAccess } from "../common/LimitedAccess";
import { Notice } from "../common/Notice";
import { PageFrame } from "../common/PageFrame";
import { mebibytes } from "../format";
import type { RhvError } from "../generated/wire";
import { _, plural, text } from "../i18n";
import { useCall, usePrivileged } from "../rpc/hooks";
import { asError } from "../rpc/topics";
import { Button, Card, CardBody } from "../pf";
import { CloudFields } from "./CloudFields";
import { PlaceField, TextField } from "./Field";
import { canBeSeeded, initial, isBlock, makesDisk, networkKey, problems as wrong, toParams, told, type Options, type Problems, type Typed } from "./form";
import { Checkbox, Form, FormSelect, FormSelectOption } from "./pf";
import { Field } from "./Field";
import { SourceFields } from "./SourceFields";

function Back() {
    return (
        <Button variant="link" isInline component="a" className="rhv-back" href={href({ page: "guests", query: {} })} id="create-back">
            {_("Back to the guests")}
        </Button>
    );
}

function networkWord({ kind, name, active }: Options["networks"][number]): string {
    if (kind === "bridge")
        return _("Bridge {name}", { name });
    return active ? _("Network {name}", { name }) : _("Network {name} (not started)", { name });
}

function firmwareWord(firmware: "bios" | "efi"): string {
    return firmware === "bios" ? "BIOS" : "UEFI";
}

function diskHelp({ source, folder }: Typed, { places }: Options): string | undefined {
    if (source === "image")
        return _("Empty: as large as the image.");
    return isBlock(places, folder) ? undefined : _("It takes room only as the guest fills it.");
}

function CreateForm({ options }: { options: Options }) {
    const call = useCall();
    const privileged = usePrivileged();
    const [typed, setTyped] = useState(() => initial(options));
    // What is wrong is said when one tries, and no longer once it is changed.
    const [found, setFound] = useState<Problems>({});
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<RhvError | null>(null);
    const onEdit = (change: Partial<Typed>) => {
        setTyped({ ...typed, ...change });
        setFound({});
    };
    const show = (next: Problems) => {
        setFound(next);
        // The first that is wrong, in the order of the page, once it is drawn.
        requestAnimationFrame(() => document.querySelector<HTMLElement>("[aria-invalid='true']")?.focus());
    };
    const create = () => {
        const mine = wrong(typed);
        if (Object.keys(mine).length > 0) {
            show(mine);
            return;
        }
        setBusy(true);
        setError(null);
        call("machines.create", toParams(typed)).then(({ errors, uuid, job }) => {
            if (errors.length > 0)
                show(told(errors));
            else if (job !== null)
                go({ page: "job", id: job, from: FROM_GUESTS });
            else if (uuid !== null)
                go({ page: "guest", uuid, query: {} });
        }, (reason: unknown) => setError(asError(reason).error)).finally(() => setBusy(false));
    };
    const { vcpus, memory_mib: memory } = options;
    const newDisk = makesDisk(typed.source);
    const seeding = canBeSeeded(typed.source);
    return (
        <Form isWidthLimited onSubmit={event => {
            event.preventDefault();
            if (!busy && privileged)
                create();
        }}>
            {error && <ErrorAlert error={error} title={_("The guest was not created")} />}
            {!options.kvm.usable && (
                <Notice variant="warning" title={_("Guests are emulated on this host")} id="create-emulated">
                    {options.kvm.reason && text(options.kvm.reason)} {_("They run, but many times slower.")}
                </Notice>
            )}
            <TextField id="create-name" label={_("Name")} value={typed.name} problem={found.name} onChange={name => onEdit({ name })} />
            <SourceFields typed={typed} options={options} problems={found} onEdit={onEdit} />
            {newDisk && (
                <TextField id="create-disk" label={_("Size of the disk (GiB)")} numeric value={typed.disk} problem={found.disk_gib}
                           help={diskHelp(typed, options)}
                           onChange={disk => onEdit({ disk })} />
            )}
            {(newDisk || (seeding && typed.seeded)) && (
                <PlaceField value={typed.folder} places={options.places} problem={found.folder} onChange={folder => onEdit({ folder })} />
            )}
            <TextField id="create-memory" label={_("Memory (MiB)")} numeric value={typed.memory} problem={found.memory_mib}
                       help={_("This host has {total}, of which {free} are available now.", { total: mebibytes(memory.most), free: mebibytes(memory.available) })}
                       onChange={value => onEdit({ memory: value })} />
            <TextField id="create-vcpus" label={_("vCPUs")} numeric value={typed.vcpus} problem={found.vcpus}
                       help={plural("This host has {count} CPU.", "This host has {count} CPUs.", vcpus.host)} onChange={value => onEdit({ vcpus: value })} />
            <Field id="create-network" label={_("Network")} problem={found.network}>
                <FormSelect id="create-network" value={typed.network} aria-describedby="create-network-help"
                            validated={found.network === undefined ? "default" : "error"} onChange={(_event, network) => onEdit({ network })}>
                    {options.networks.map(network => <FormSelectOption key={networkKey(network)} value={networkKey(network)} label={networkWord(network)} />)}
                    <FormSelectOption value="" label={_("None: without a network card")} />
                </FormSelect>
            </Field>
            {options.firmwares.length > 1 && (
                <Field id="create-firmware" label={_("Firmware")} problem={found.firmware}>
                    <FormSelect id="create-firmware" value={typed.firmware} aria-describedby="create-firmware-help"
                                onChange={(_event, value) => onEdit({ firmware: value === "efi" ? "efi" : "bios" })}>
                        {options.firmwares.map(firmware => <FormSelectOption key={firmware} value={firmware} label={firmwareWord(firmware)} />)}
                    </FormSelect>
                </Field>
            )}
            {seeding && <CloudFields typed={typed} problems={found} possible={options.seeds} onEdit={onEdit} />}
            <Checkbox id="create-start" label={_("Start it when it is created")} isChecked={typed.start} onChange={(_event, start) => onEdit({ start })} />
            <Checkbox id="create-autostart" label={_("Start it with the host")} isChecked={typed.autostart}
                      onChange={(_event, autostart) => onEdit({ autostart })} />
            <div className="rhv-buttons">
                <Button type="submit" id="create-confirm" isLoading={busy} spinnerAriaValueText={_("Running")} isDisabled={busy || !privileged}>
                    {_("Create")}
                </Button>
                <Button variant="link" component="a" href={href({ page: "guests", query: {} })}>{_("Cancel")}</Button>
            </div>
        </Form>
    );
}

/** A new guest: only its name, and what it begins with, need typing. */
export default function CreatePage() {
    const call = useCall();
    const [options, setOptions] = useState<Options | null>(null);
    const [error, setError] = useState<RhvError | null>(null);
    useEffect(() => {
        let wanted = true;
        call("machines.create_options", {}).then(
            result => wanted && setOptions(result),
            (reason: unknown) => wanted && setError(asError(reason).error),
        );
        return () => {
            wanted = false;
        };
    }, [call]);
    return (
        <PageFrame page="create" state={error ? "error" : options ? "ready" : "loading"} title={_("Create a guest")} above={<Back />}>
            <LimitedAccess>{_("You can look. Creating a guest needs administrative access.")}</LimitedAccess>
            {error && <ErrorAlert error={error} title={_("What this host has for a guest cannot be read")} />}
            {!options && !error && <LoadingCards />}
            {options && <Card component="section"><CardBody><CreateForm options={options} /></CardBody></Card>}
        </PageFrame>
    );
}
