// SPDX-License-Identifier: Apache-2.0
// Fields that the dialogs for changes share.
import { useState } from "react";

import { Notice } from "../common/Notice";
import type { NetworkPlan } from "../generated/wire";
import { Choice, TextField } from "../guest/Fields";
import { _ } from "../i18n";
import { nameProblem, useProblem } from "./problems";
import type { Link } from "./types";
import { kindWord } from "./words";

export type Addressing = NonNullable<NetworkPlan["addresses"]>;
type Method = Addressing["method"];

/** What is typed about an address. */
export interface AddressDraft { method: Method; address: string; gateway: string; dns: string }

export function useAddress(method: Method): [AddressDraft, (draft: AddressDraft) => void] {
    return useState<AddressDraft>({ method, address: "", gateway: "", dns: "" });
}

/** What it has now, to be changed; name servers are not told by interface, and stay unless some are typed. */
export function presentAddress({ addresses }: Link, gateway: string | undefined): AddressDraft {
    const [first] = addresses.filter(one => one.family === "ipv4");
    if (!first)
        return { method: "static", address: "", gateway: "", dns: "" };
    return { method: first.dynamic ? "auto" : "static", address: `${first.address}/${first.prefix}`, gateway: gateway ?? "", dns: "" };
}

/** As the helper takes it; it judges what was typed. */
export function addressing({ method, address, gateway, dns }: AddressDraft): Addressing {
    if (method !== "static")
        return { method };
    const servers = dns.split(/[\s,]+/).filter(one => one !== "");
    return { method, address: address.trim(), ...gateway.trim() !== "" && { gateway: gateway.trim() }, ...servers.length > 0 && { dns: servers } };
}

interface AddressFieldsProps {
    draft: AddressDraft;
    onDraft: (draft: AddressDraft) => void;
    methods: readonly Method[];
    /** There are name servers that stay when none are typed. */
    keepsDns?: boolean;
}

/** The ids of what AddressFields shows. */
export const ADDRESS_FIELDS = ["net-address", "net-gateway", "net-dns"] as const;

export function AddressFields({ draft, onDraft, methods, keepsDns = false }: AddressFieldsProps) {
    const address = useProblem("net-address");
    const gateway = useProblem("net-gateway");
    const dns = useProblem("net-dns");
    return (
        <>
            <Choice id="net-method" label={_("IPv4 address")} value={draft.method} onValue={value => onDraft({ ...draft, method: value as Method })}
                    options={methods.map(value => ({ value, label: methodWord(value) }))} />
            {draft.method === "static" && (
                <>
                    <TextField id="net-address" label={_("Address with prefix")} value={draft.address} problem={address} help={_("Such as 192.0.2.10/24.")}
                               onValue={typed => onDraft({ ...draft, address: typed })} />
                    <TextField id="net-gateway" label={_("Gateway")} value={draft.gateway} problem={gateway} help={_("Empty when there is none.")}
                               onValue={typed => onDraft({ ...draft, gateway: typed })} />
                    <TextField id="net-dns" label={_("Name servers")} value={draft.dns} problem={dns} help={keepsDns ? _("Their addresses, with spaces between them. Left empty, they stay as they are.") : _("Their addresses, with spaces between them.")}
                               onValue={typed => onDraft({ ...draft, dns: typed })} />
                </>
            )}
        </>
    );
}

function methodWord(method: Method): string {
    switch (method) {
    case "keep": return _("That of what it is made upon");
    case "auto": return _("From a DHCP server");
    case "static": return _("Fixed");
    case "none": return _("None");
    }
}

/** Whether NetworkManager may be asked to change it. */
export function isOurs({ owner, kind }: Link): boolean {
    return owner.kind === "networkmanager" && !owner.protected && kind !== "loopback" && kind !== "tun";
}

interface NameFieldProps { value: string; onValue: (value: string) => void; help?: string }

/** The name of something new. */
export function NameField({ value, onValue, help }: NameFieldProps) {
    const refused = useProblem("net-name");
    return (
        <TextField id="net-name" label={_("Name")} value={value} onValue={onValue} problem={nameProblem(value.trim()) ?? refused}
                   {...help !== undefined && { help }} />
    );
}

/** What a bridge or VLAN is made upon. */
export function UponField({ links, value, onValue }: { links: readonly Link[]; value: string; onValue: (value: string) => void }) {
    return (
        <Choice id="net-on" label={_("Made upon")} value={value} onValue={onValue} problem={useProblem("net-on")}
                options={links.map(link => ({ value: link.name, label: label(link) }))} />
    );
}

/** An interface in one line. */
export function label(link: Link): string {
    const [first] = link.addresses;
    const kind = `${link.name}: ${kindWord(link.kind)}`;
    return first ? `${kind}, ${first.address}/${first.prefix}` : kind;
}

/** `few`: there is something, but it takes more. */
export function NothingFree({ few = false }: { few?: boolean }) {
    return (
        <Notice variant="info" title={few ? _("It takes two cards that are free") : _("There is nothing that it could be made upon")}>
            {_("What is part of something else, and what another program looks after, cannot be used. Below on the page is how it is handed over.")}
        </Notice>
    );
}
