// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { ErrorAlert } from "../common/ErrorAlert";
import { _ } from "../i18n";
import { Skeleton } from "../pf";
import { useCall } from "../rpc/hooks";
import { EditDialog } from "./EditDialog";
import { Choice, TextField } from "./Fields";
import type { CardProps, Nic } from "./types";
import { useAnswer } from "./useAnswer";
import { WhenGroup, type When } from "./WhenGroup";

type Model = "virtio" | "e1000e" | "e1000" | "rtl8139";
type Kind = "network" | "bridge" | "user";

const MAC = /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/i;

function macProblem(mac: string): string | null {
    return mac === "" || MAC.test(mac) ? null : _("Six pairs of hexadecimal digits, of which the first is even: 52:54:00:12:34:56.");
}

/** A card on a network or bridge, now, for the next start, or both. */
export function AddNicDialog({ guest, details, onClose }: Omit<CardProps, "locked"> & { onClose: () => void }) {
    const call = useCall();
    const { value: choices, error } = useAnswer("machines.nic_choices", {});
    const there: When = { now: details.live !== undefined && guest.state !== "shut_off", next: details.stored !== undefined };
    const [chosen, setChosen] = useState<string | null>(null);
    const [model, setModel] = useState<Model>("virtio");
    const [mac, setMac] = useState("");
    const [when, setWhen] = useState(there);
    const options = [
        ...(choices?.networks ?? []).map(({ name, active }) => ({
            value: `network:${name}`,
            label: active ? _("network {name}", { name }) : _("network {name} (not started)", { name }),
        })),
        ...(choices?.bridges ?? []).map(name => ({ value: `bridge:${name}`, label: _("bridge {name}", { name }) })),
        { value: "user:", label: _("user mode network: the guest reaches others, nobody reaches it") },
    ];
    const plug = chosen ?? options[0]?.value ?? "user:";
    const kind = plug.slice(0, plug.indexOf(":")) as Kind;
    const source = kind === "user" ? null : plug.slice(plug.indexOf(":") + 1);
    return (
        <EditDialog title={_("Add a network card to {name}", { name: guest.name })} confirm={_("Add card")} onClose={onClose}
                    isDisabled={macProblem(mac) !== null || (!when.now && !when.next) || (!choices && !error)}
                    action={() => call("machines.add_nic", { uuid: guest.uuid, kind, source, model, mac: mac === "" ? null : mac, ...when })}>
            {error && <ErrorAlert error={error} title={_("The networks of this host cannot be listed")} variant="warning" />}
            {!choices && !error && <Skeleton screenreaderText={_("Loading")} />}
            <Choice id="nic-plug" label={_("Plugged into")} value={plug} onValue={setChosen} options={options} />
            <Choice id="nic-model" label={_("Model")} value={model} onValue={value => setModel(value as Model)} options={[
                { value: "virtio", label: _("virtio: the fastest") },
                { value: "e1000e", label: _("e1000e: for systems without virtio drivers") },
                { value: "e1000", label: _("e1000: for old systems") },
                { value: "rtl8139", label: _("rtl8139: for very old systems") },
            ]} />
            <TextField id="nic-mac" label={_("Address (MAC)")} value={mac} onValue={value => setMac(value.trim())} problem={macProblem(mac)}
                       help={_("Left empty, one is made up that no guest of this host has.")} />
            <WhenGroup id="nic" there={there} when={when} onWhen={setWhen} />
        </EditDialog>
    );
}

/** The cable of a card, in or out. */
export function LinkDialog({ uuid, name, nic, there, onClose }: { uuid: string; name: string; nic: Nic; there: When; onClose: () => void }) {
    const call = useCall();
    const [when, setWhen] = useState(there);
    const up = !nic.link;
    return (
        <EditDialog title={up ? _("Plug in {mac} of {name}?", { mac: nic.mac, name }) : _("Unplug {mac} of {name}?", { mac: nic.mac, name })}
                    confirm={up ? _("Plug in") : _("Unplug")} danger={!up} isDisabled={!when.now && !when.next} onClose={onClose}
                    action={() => call("machines.set_link", { uuid, mac: nic.mac, up, ...when })}>
            <p>
                {up
                    ? _("The guest sees its cable plugged in.")
                    : _("The guest sees its cable unplugged: nobody reaches it through this card, and it reaches nobody.")}
            </p>
            <WhenGroup id="link" there={there} when={when} onWhen={setWhen} />
        </EditDialog>
    );
}
