// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { Choice, Problem, TextField } from "../guest/Fields";
import { _ } from "../i18n";
import { ChangeDialog } from "./ChangeDialog";
import { ADDRESS_FIELDS, AddressFields, addressing, isOurs, label, NameField, NothingFree, UponField, useAddress } from "./fields";
import { Checkbox, FormGroup } from "./pf";
import { nameProblem, useProblem } from "./problems";
import { byName, type HostNetworks, type Link } from "./types";
import { bondMode, vlanName } from "./words";

interface DialogProps { links: HostNetworks["links"]; onClose: () => void }

/** What can be made part of something new, or what a VLAN can be made upon. */
function usable(links: HostNetworks["links"], kinds: readonly Link["kind"][]): Link[] {
    return Object.values(links).filter(link => isOurs(link) && link.controller === undefined && kinds.includes(link.kind)).sort(byName);
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
        <ChangeDialog title={_("Create bridge")} onClose={onClose} isDisabled={name.trim() === "" || nameProblem(name.trim()) !== null || on === ""}
                      onStarted={job => onStarted?.({ job, name: name.trim() })}
                      fields={["net-name", "net-on", ...ADDRESS_FIELDS]} plan={{ kind: "bridge", name: name.trim(), on: [on], addresses: addressing(address) }}>
            {below.length === 0 && <NothingFree />}
            <NameField value={name} onValue={setName}
                       help={_("Managers call the network by which they reach hosts ovirtmgmt.")} />
            <UponField links={below} value={on} onValue={setOn} />
            <AddressFields draft={address} onDraft={setAddress} methods={["keep", "auto", "static", "none"]} keepsDns />
        </ChangeDialog>
    );
}

const MODES = ["active-backup", "802.3ad", "balance-xor", "broadcast", "balance-rr", "balance-tlb", "balance-alb"];

function CardsField({ cards, chosen, onChosen }: { cards: readonly Link[]; chosen: string[]; onChosen: (chosen: string[]) => void }) {
    const problem = useProblem("net-on");
    return (
        <FormGroup role="group" label={_("Cards, at least two")} fieldId="net-on" id="net-on" tabIndex={-1}>
            {cards.map(link => (
                <Checkbox key={link.name} id={`net-card-${link.name}`} label={label(link)} isChecked={chosen.includes(link.name)}
                          onChange={(_event, on) => onChosen(on ? [...chosen, link.name] : chosen.filter(one => one !== link.name))} />
            ))}
            <Problem id="net-on-help" problem={problem} />
        </FormGroup>
    );
}

/** Several cards as one, that goes on when one of them fails. */
export function BondDialog({ links, onClose }: DialogProps) {
    const cards = usable(links, ["ethernet", "virtual"]);
    const [name, setName] = useState(links.bond0 ? "" : "bond0");
    const [on, setOn] = useState<string[]>([]);
    const [mode, setMode] = useState("active-backup");
    const [address, setAddress] = useAddress("none");
    return (
        <ChangeDialog title={_("Create bond")} onClose={onClose} isDisabled={name.trim() === "" || nameProblem(name.trim()) !== null || on.length < 2}
                      fields={["net-name", "net-on", "net-mode", ...ADDRESS_FIELDS]}
                      plan={{ kind: "bond", name: name.trim(), on, mode, addresses: addressing(address) }}>
            {cards.length < 2 && <NothingFree few />}
            <NameField value={name} onValue={setName} />
            <CardsField cards={cards} chosen={on} onChosen={setOn} />
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
    const [typed, setTyped] = useState<string | null>(null);
    const [address, setAddress] = useAddress("none");
    const number = /^\d{1,5}$/.test(tag.trim()) ? Number(tag) : null;
    const wrong = tag.trim() !== "" && (number === null || number < 1 || number > 4094);
    const name = typed ?? (number === null || wrong ? "" : vlanName(on, String(number)));
    return (
        <ChangeDialog title={_("Create VLAN")} onClose={onClose} fields={["net-name", "net-on", "net-tag", ...ADDRESS_FIELDS]}
                      isDisabled={on === "" || number === null || wrong || name.trim() === "" || nameProblem(name.trim()) !== null}
                      plan={{ kind: "vlan", name: name.trim(), on: [on], vlan_id: number ?? 0, addresses: addressing(address) }}>
            {below.length === 0 && <NothingFree />}
            <UponField links={below} value={on} onValue={setOn} />
            <TagField value={tag} onValue={setTag} isWrong={wrong} />
            <NameField value={name} onValue={setTyped} help={_("Made of the two above unless something is typed.")} />
            <AddressFields draft={address} onDraft={setAddress} methods={["none", "auto", "static"]} />
        </ChangeDialog>
    );
}

function TagField({ value, onValue, isWrong }: { value: string; onValue: (value: string) => void; isWrong: boolean }) {
    const refused = useProblem("net-tag");
    return (
        <TextField id="net-tag" label={_("Number")} value={value} onValue={onValue}
                   problem={isWrong ? _("The number of a VLAN is between 1 and 4094.") : refused} help={_("The tag that its packets carry, from 1 to 4094.")} />
    );
}
