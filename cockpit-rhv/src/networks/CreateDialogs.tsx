// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { Choice, TextField } from "../guest/Fields";
import { _ } from "../i18n";
import { ChangeDialog } from "./ChangeDialog";
import { AddressFields, addressing, isOurs, NothingFree, useAddress } from "./fields";
import { Checkbox, FormGroup } from "./pf";
import { byName, type HostNetworks, type Link } from "./types";
import { bondMode, kindWord } from "./words";

interface DialogProps { links: HostNetworks["links"]; onClose: () => void }

function label(link: Link): string {
    const [first] = link.addresses;
    const kind = `${link.name}: ${kindWord(link.kind)}`;
    return first ? `${kind}, ${first.address}/${first.prefix}` : kind;
}

/** What can be made part of something new, or what a VLAN can be made upon. */
function usable(links: HostNetworks["links"], kinds: readonly Link["kind"][]): Link[] {
    return Object.values(links).filter(link => isOurs(link) && link.controller === undefined && kinds.includes(link.kind)).sort(byName);
}

function options(links: readonly Link[]) {
    return links.map(link => ({ value: link.name, label: label(link) }));
}

/** What a bridge can be made upon. */
export function bridgeable(links: HostNetworks["links"]): Link[] {
    return usable(links, ["ethernet", "virtual", "bond", "vlan"]);
}

interface BridgeDialogProps extends DialogProps {
    /** The job has begun. */
    onStarted?: (started: { job: string; name: string }) => void;
}

/** A bridge for guests, which takes the host's own address with it. */
export function BridgeDialog({ links, onClose, onStarted }: BridgeDialogProps) {
    const below = bridgeable(links);
    const [name, setName] = useState(links.ovirtmgmt ? "" : "ovirtmgmt");
    const [on, setOn] = useState(below.find(link => link.addresses.length > 0)?.name ?? below[0]?.name ?? "");
    const [address, setAddress] = useAddress("keep");
    return (
        <ChangeDialog title={_("Create bridge")} onClose={onClose} isDisabled={name.trim() === "" || on === ""}
                      onStarted={job => onStarted?.({ job, name: name.trim() })}
                      plan={{ kind: "bridge", name: name.trim(), on: [on], addresses: addressing(address) }}>
            {below.length === 0 && <NothingFree />}
            <TextField id="net-name" label={_("Name")} value={name} problem={null} onValue={setName}
                       help={_("Managers call the network by which they reach hosts ovirtmgmt.")} />
            <Choice id="net-on" label={_("Made upon")} value={on} onValue={setOn} options={options(below)} />
            <AddressFields draft={address} onDraft={setAddress} methods={["keep", "auto", "static", "none"]} />
        </ChangeDialog>
    );
}

const MODES = ["active-backup", "802.3ad", "balance-xor", "broadcast", "balance-rr", "balance-tlb", "balance-alb"];

/** Several cards as one, that goes on when one of them fails. */
export function BondDialog({ links, onClose }: DialogProps) {
    const cards = usable(links, ["ethernet", "virtual"]);
    const [name, setName] = useState(links.bond0 ? "" : "bond0");
    const [on, setOn] = useState<string[]>([]);
    const [mode, setMode] = useState("active-backup");
    const [address, setAddress] = useAddress("none");
    const choose = (card: string, chosen: boolean) => setOn(chosen ? [...on, card] : on.filter(one => one !== card));
    return (
        <ChangeDialog title={_("Create bond")} onClose={onClose} isDisabled={name.trim() === "" || on.length < 2}
                      plan={{ kind: "bond", name: name.trim(), on, mode, addresses: addressing(address) }}>
            {cards.length < 2 && <NothingFree />}
            <TextField id="net-name" label={_("Name")} value={name} problem={null} onValue={setName} />
            <FormGroup role="group" label={_("Cards, at least two")} fieldId="net-cards">
                {cards.map(link => (
                    <Checkbox key={link.name} id={`net-card-${link.name}`} label={label(link)} isChecked={on.includes(link.name)}
                              onChange={(_event, chosen) => choose(link.name, chosen)} />
                ))}
            </FormGroup>
            <Choice id="net-mode" label={_("Mode")} value={mode} onValue={setMode} options={MODES.map(value => ({ value, label: bondMode(value) }))} />
            <AddressFields draft={address} onDraft={setAddress} methods={["none", "auto", "static"]} />
        </ChangeDialog>
    );
}

/** One of the networks that share a cable, each with a number. */
export function VlanDialog({ links, onClose }: DialogProps) {
    const below = usable(links, ["ethernet", "virtual", "bond"]);
    const [on, setOn] = useState(below[0]?.name ?? "");
    const [tag, setTag] = useState("");
    const [address, setAddress] = useAddress("none");
    const number = /^\d{1,5}$/.test(tag.trim()) ? Number(tag) : null;
    const wrong = tag.trim() !== "" && (number === null || number < 1 || number > 4094);
    return (
        <ChangeDialog title={_("Create VLAN")} onClose={onClose} isDisabled={on === "" || number === null || wrong}
                      plan={{ kind: "vlan", name: `${on}.${number ?? ""}`, on: [on], vlan_id: number ?? 0, addresses: addressing(address) }}>
            {below.length === 0 && <NothingFree />}
            <Choice id="net-on" label={_("Made upon")} value={on} onValue={setOn} options={options(below)} />
            <TextField id="net-tag" label={_("Number")} value={tag} onValue={setTag} problem={wrong ? _("The number of a VLAN is between 1 and 4094.") : null}
                       help={_("The tag that its packets carry, from 1 to 4094.")} />
            <AddressFields draft={address} onDraft={setAddress} methods={["none", "auto", "static"]} />
        </ChangeDialog>
    );
}
