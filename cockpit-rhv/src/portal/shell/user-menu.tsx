// SPDX-License-Identifier: Apache-2.0
import { useRef, useState } from "react";
import { Divider } from "@patternfly/react-core/dist/esm/components/Divider/index.js";
import { Dropdown, DropdownGroup, DropdownItem, DropdownList } from "@patternfly/react-core/dist/esm/components/Dropdown/index.js";
import { MenuToggle } from "@patternfly/react-core/dist/esm/components/MenuToggle/index.js";
import { UserIcon } from "@patternfly/react-icons/dist/esm/icons/user-icon.js";
import { logout } from "../data/api";
import type { Session } from "../data/session";
import { _ } from "../../i18n";
import { LANGUAGE_CODES, LANGUAGES, setLanguage, useLanguage } from "../language";
import { setTheme, type Theme, THEMES, useTheme } from "../theme";

export function themeWord(theme: Theme): string {
    switch (theme) {
        case "system": return _("As the system");
        case "light": return _("Light");
        case "dark": return _("Dark");
    }
}

export function UserMenu({ session }: { session: Session }) {
    const [open, setOpen] = useState(false);
    const toggle = useRef<HTMLButtonElement>(null);
    const theme = useTheme();
    const language = useLanguage();
    return (
        <Dropdown
            isOpen={open}
            onOpenChange={setOpen}
            shouldFocusFirstItemOnOpen
            onSelect={() => {
                setOpen(false);
                toggle.current?.focus();
            }}
            popperProps={{ position: "right", appendTo: "inline" }}
            toggle={{ toggleRef: toggle, toggleNode: (
                <MenuToggle ref={toggle} variant="plainText" isExpanded={open} onClick={() => setOpen(!open)} icon={<UserIcon />}
                            aria-label={_("{user}: theme, language, log out", { user: session.user })}>
                    <span className="rhv-user">{session.user}</span>
                </MenuToggle>
            ) }}
        >
            <DropdownGroup label={_("Theme")} labelHeadingLevel="h2">
                <DropdownList>
                    {THEMES.map(item => (
                        <DropdownItem key={item} isSelected={item === theme} onClick={() => setTheme(item)}>{themeWord(item)}</DropdownItem>
                    ))}
                </DropdownList>
            </DropdownGroup>
            <DropdownGroup label={_("Language")} labelHeadingLevel="h2">
                <DropdownList>
                    {LANGUAGE_CODES.map(item => (
                        <DropdownItem key={item} isSelected={item === language} onClick={() => setLanguage(item)} lang={item}>
                            {LANGUAGES[item]}
                        </DropdownItem>
                    ))}
                </DropdownList>
            </DropdownGroup>
            <Divider />
            <DropdownList>
                <DropdownItem onClick={() => void logout(session)}>{_("Log out")}</DropdownItem>
            </DropdownList>
        </Dropdown>
    );
}
