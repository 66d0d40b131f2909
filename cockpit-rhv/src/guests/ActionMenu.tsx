// SPDX-License-Identifier: Apache-2.0
import { useState, type ReactNode } from "react";
import EllipsisVIcon from "@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon.js";

import { go } from "../app/route";
import { mainElement } from "../common/PageFrame";
import { _ } from "../i18n";
import { Divider, Dropdown, DropdownItem, DropdownList, MenuToggle } from "./pf";
import { actionTitle, applies, type Action, type Guest } from "./states";

/** In the order of a guest's day; what may lose data stands apart. */
const USUAL: readonly Action[] = ["start", "resume", "shutdown", "reboot", "pause", "save"];
const RARE: readonly Action[] = ["autostart_on", "autostart_off"];
const FORCED: readonly Action[] = ["reset", "power_off", "nmi"];

interface ActionMenuProps {
    guests: readonly Guest[];
    label: string;
    isDisabled: boolean;
    /** Offers the guest's console as well. */
    consoleOf?: Guest;
    /** Offers a copy of the guest. */
    cloneOf?: Guest;
    /** On the toggle, instead of three dots. */
    text?: ReactNode;
    onAction: (action: Action, guests: readonly Guest[]) => void;
}

/** A guest's screen changes nothing that a Manager would undo, so every guest has one. */
function consoleItem({ uuid }: Guest) {
    return (
        <DropdownItem key="console" data-action="console" onClick={() => go({ page: "console", uuid, type: "vnc" })}>{_("Console")}</DropdownItem>
    );
}

function cloneItem({ uuid }: Guest) {
    return <DropdownItem key="clone" data-action="clone" onClick={() => go({ page: "clone", uuid })}>{_("Clone")}</DropdownItem>;
}

/** What can be done with one guest or with many; of many, with those it makes sense for. */
export function ActionMenu({ guests, label, isDisabled, consoleOf, cloneOf, text, onAction }: ActionMenuProps) {
    const [open, setOpen] = useState(false);
    const item = (action: Action) => {
        const able = guests.filter(guest => applies(action, guest));
        if (able.length === 0)
            return null;
        return (
            <DropdownItem key={action} data-action={action} isDanger={FORCED.includes(action)} onClick={() => onAction(action, able)}>
                {actionTitle(action)}
            </DropdownItem>
        );
    };
    const first = consoleOf ? [consoleItem(consoleOf)] : [];
    const last = cloneOf ? [cloneItem(cloneOf)] : [];
    const [usual = [], rare = [], forced = []] = open ? [USUAL, RARE, FORCED].map(actions => actions.map(item).filter(entry => entry !== null)) : [];
    const groups = open
        ? [first, usual, [...rare, ...last], forced].filter(group => group.length > 0)
        : [];
    return (
        <Dropdown isOpen={open} onSelect={() => setOpen(false)} onOpenChange={setOpen} popperProps={{ position: "right", appendTo: mainElement }}
                  toggle={ref => (
                      <MenuToggle ref={ref} variant={text === undefined ? "plain" : "default"} isExpanded={open} isDisabled={isDisabled}
                                  onClick={() => setOpen(!open)} aria-label={label} {...(text === undefined && { icon: <EllipsisVIcon /> })}>
                          {text}
                      </MenuToggle>
                  )}>
            <DropdownList>
                {groups.flatMap((group, index) => (index === 0 ? group : [<Divider key={`divider-${String(index)}`} component="li" />, ...group]))}
            </DropdownList>
        </Dropdown>
    );
}
