// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import type { NetworkPlan } from "../generated/wire";
import { Choice, TextField } from "../guest/Fields";
import { _ } from "../i18n";
import { Button } from "../pf";
import { ChangeDialog } from "./ChangeDialog";
import { ADDRESS_FIELDS, AddressFields, addressing, isOurs, presentAddress } from "./fields";
import { useProblem } from "./problems";
import { isBuilt, type HostNetworks, type Link } from "./types";

interface EditProps {
    link: Link;
    /** Of the default route that leads over it. */
    gateway: string | undefined;
    onClose: () => void;
}

function EditLinkDialog({ link, gateway, onClose }: EditProps) {
    const part = link.controller !== undefined;
    const [what, setWhat] = useState<"addresses" | "mtu">(part ? "mtu" : "addresses");
    const [mtu, setMtu] = useState(String(link.mtu));
    const [address, setAddress] = useState(() => presentAddress(link, gateway));
    const typed = /^\d{1,6}$/.test(mtu.trim()) ? Number(mtu) : null;
    const plan: NetworkPlan = what === "mtu"
        ? { kind: "mtu", name: link.name, mtu: typed ?? 0 }
        : { kind: "addresses", name: link.name, addresses: addressing(address) };
    return (
        <ChangeDialog title={_("Edit {name}", { name: link.name })} plan={plan} onClose={onClose} fields={["net-mtu", ...ADDRESS_FIELDS]} isDisabled={what === "mtu" && typed === null}>
            <Choice id="net-what" label={_("Change")} value={what} onValue={value => setWhat(value === "mtu" ? "mtu" : "addresses")}
                    options={[{ value: "addresses", label: _("IPv4 address"), off: part }, { value: "mtu", label: _("MTU") }]} />
            {what === "mtu"
                ? <MtuField value={mtu} onValue={setMtu} isNumber={typed !== null} />
                : <AddressFields draft={address} onDraft={setAddress} methods={["static", "auto", "none"]} keepsDns />}
        </ChangeDialog>
    );
}

function MtuField({ value, onValue, isNumber }: { value: string; onValue: (value: string) => void; isNumber: boolean }) {
    const refused = useProblem("net-mtu");
    return (
        <TextField id="net-mtu" label={_("MTU in bytes")} value={value} onValue={onValue}
                   problem={isNumber ? refused : _("A number, such as 1500 or 9000.")} />
    );
}

interface LinkActionsProps { link: Link; routes: HostNetworks["routes"]; isDisabled: boolean }

/** What can be done with one interface that NetworkManager looks after. */
export function LinkActions({ link, routes, isDisabled }: LinkActionsProps) {
    const [open, setOpen] = useState<"edit" | "remove" | null>(null);
    if (!isOurs(link))
        return null;
    const close = () => setOpen(null);
    const gateway = routes.find(route => route.destination === "default" && route.family === "ipv4" && route.device === link.name)?.gateway;
    return (
        <div className="rhv-member">
            <Button variant="link" isInline isDisabled={isDisabled} onClick={() => setOpen("edit")} aria-label={_("Edit {name}", { name: link.name })}>{_("Edit")}</Button>
            {isBuilt(link) && (
                <Button variant="link" isInline isDanger isDisabled={isDisabled} onClick={() => setOpen("remove")} aria-label={_("Remove {name}", { name: link.name })}>
                    {_("Remove")}
                </Button>
            )}
            {open === "edit" && <EditLinkDialog link={link} gateway={gateway} onClose={close} />}
            {open === "remove" && <ChangeDialog title={_("Remove {name}?", { name: link.name })} danger plan={{ kind: "remove", name: link.name }} onClose={close} />}
        </div>
    );
}
