// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { mainElement } from "../common/PageFrame";
import { _ } from "../i18n";
import type { Viewer } from "../screens/types";
import { COMBINATIONS } from "./combinations";
import { Dropdown, DropdownItem, DropdownList, MenuToggle } from "./pf";

/** Sends what the browser or the person's own system would not let through. */
export function KeysMenu({ viewer }: { viewer: Viewer | null }) {
    const [open, setOpen] = useState(false);
    return (
        <Dropdown isOpen={open} onSelect={() => setOpen(false)} onOpenChange={setOpen} popperProps={{ appendTo: mainElement }}
                  toggle={ref => (
                      <MenuToggle ref={ref} id="console-keys" isExpanded={open} isDisabled={viewer === null} onClick={() => setOpen(!open)}>
                          {_("Send keys")}
                      </MenuToggle>
                  )}>
            <DropdownList>
                {COMBINATIONS.map(({ label, keys }) => (
                    <DropdownItem key={label} data-keys={label} onClick={() => viewer?.press(keys)}>{label}</DropdownItem>
                ))}
            </DropdownList>
        </Dropdown>
    );
}
