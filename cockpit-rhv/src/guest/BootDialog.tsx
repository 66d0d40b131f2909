// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { _ } from "../i18n";
import { Button } from "../pf";
import { useCall } from "../rpc/hooks";
import { EditDialog } from "./EditDialog";
import { Checkbox } from "./pf";
import type { Definition } from "./types";
import { deviceWord } from "./words";

/** The devices of the boot order, then the others. */
function listed({ boot, disks, nics }: Definition): string[] {
    const keys = [...disks.filter(({ device }) => device !== "floppy"), ...nics].map(({ key }) => key);
    return [...boot, ...keys.filter(key => !boot.includes(key))];
}

/** From which devices the guest starts, and in which order. */
export function BootDialog({ uuid, stored, onClose }: { uuid: string; stored: Definition; onClose: () => void }) {
    const call = useCall();
    const [order, setOrder] = useState(() => listed(stored));
    const [chosen, setChosen] = useState<ReadonlySet<string>>(() => new Set(stored.boot));
    const move = (index: number, by: -1 | 1) => {
        const next = [...order];
        const [key] = next.splice(index, 1);
        next.splice(index + by, 0, ...key === undefined ? [] : [key]);
        setOrder(next);
    };
    const toggle = (key: string, checked: boolean) => setChosen(new Set(checked ? [...chosen, key] : [...chosen].filter(one => one !== key)));
    const wanted = order.filter(key => chosen.has(key));
    return (
        <EditDialog title={_("Change the boot order")} confirm={_("Save")} onClose={onClose}
                    isDisabled={wanted.length === 0 || wanted.join() === stored.boot.join()}
                    action={() => call("machines.set_boot_order", { uuid, order: wanted })}>
            <p>{_("The guest tries them one after the other, from its next start on.")}</p>
            <ol className="rhv-boot">
                {order.map((key, index) => {
                    const name = deviceWord(key, stored);
                    return (
                        <li key={key} data-boot={key}>
                            <Checkbox id={`boot-${key}`} label={name} isChecked={chosen.has(key)} onChange={(_event, checked) => toggle(key, checked)} />
                            <Button variant="secondary" size="sm" isDisabled={index === 0} aria-label={_("Move {name} up", { name })} onClick={() => move(index, -1)}>
                                <span aria-hidden>↑</span>
                            </Button>
                            <Button variant="secondary" size="sm" isDisabled={index === order.length - 1} aria-label={_("Move {name} down", { name })}
                                    onClick={() => move(index, 1)}>
                                <span aria-hidden>↓</span>
                            </Button>
                        </li>
                    );
                })}
            </ol>
        </EditDialog>
    );
}
