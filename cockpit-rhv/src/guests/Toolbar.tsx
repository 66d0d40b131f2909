// SPDX-License-Identifier: Apache-2.0
import { useCallback, useState } from "react";
import ColumnsIcon from "@patternfly/react-icons/dist/esm/icons/columns-icon.js";

import { mainElement } from "../common/PageFrame";
import { number } from "../format";
import { _ } from "../i18n";
import { columnTitle } from "./columns";
import { Dropdown, DropdownItem, DropdownList, FormSelect, FormSelectOption, MenuToggle, SearchInput } from "./pf";
import { COLUMNS, OWNERS, sortedBy, type Column, type Wanted } from "./query";
import { GROUPS, groupOf, groupTitle, ownerWord, type Group, type Guest } from "./states";
import { useTyped } from "./useTyped";

interface ToolbarProps {
    guests: readonly Guest[];
    wanted: Wanted;
    /** `typing`: one of many changes in a row. */
    onChange: (wanted: Wanted, typing?: boolean) => void;
}

function counted(title: string, count: number): string {
    return _("{title} ({count})", { title, count: number(count) });
}

function ColumnChoice({ wanted, onChange }: Omit<ToolbarProps, "guests">) {
    const [open, setOpen] = useState(false);
    const toggle = (column: Column) => {
        const columns = COLUMNS.filter(one => (one === column ? !wanted.columns.includes(one) : wanted.columns.includes(one)));
        onChange({ ...wanted, columns });
    };
    return (
        <Dropdown isOpen={open} onOpenChange={setOpen} popperProps={{ position: "right", appendTo: mainElement }} className="rhv-guests__columns"
                  toggle={ref => (
                      <MenuToggle ref={ref} variant="plain" id="guest-columns" isExpanded={open} onClick={() => setOpen(!open)}
                                  aria-label={_("Columns")} icon={<ColumnsIcon />} className="rhv-guests__columns" />
                  )}>
            <DropdownList>
                {COLUMNS.filter(column => column !== "name").map(column => (
                    <DropdownItem key={column} hasCheckbox isSelected={wanted.columns.includes(column)} data-column-choice={column}
                                  onClick={() => toggle(column)}>
                        {columnTitle(column)}
                    </DropdownItem>
                ))}
            </DropdownList>
        </Dropdown>
    );
}

/** What the list shows and how. On a phone, where the table has no head, also its order. */
export function Toolbar({ guests, wanted, onChange }: ToolbarProps) {
    const [search, setSearch] = useTyped(wanted.search, useCallback(text => onChange({ ...wanted, search: text }, true), [wanted, onChange]));
    const inState = (group: Group) => guests.filter(guest => groupOf(guest) === group).length;
    const ofOwner = (owner: Guest["owner"]) => guests.filter(guest => guest.owner === owner).length;
    const owners = OWNERS.filter(owner => owner === wanted.owner || ofOwner(owner) > 0);
    return (
        <div className="rhv-guests__tools" role="search">
            <SearchInput value={search} placeholder={_("Name, address or MAC")} aria-label={_("Search the guests")} id="guest-search"
                         onChange={(_event, value) => setSearch(value)} onClear={() => setSearch("")} resetButtonLabel={_("Clear the search")} />
            <FormSelect value={wanted.state ?? ""} aria-label={_("State")} id="guest-state"
                        onChange={(_event, value) => onChange({ ...wanted, state: GROUPS.find(group => group === value) ?? null })}>
                <FormSelectOption value="" label={_("All states")} />
                {GROUPS.map(group => <FormSelectOption key={group} value={group} label={counted(groupTitle(group), inState(group))} />)}
            </FormSelect>
            {(owners.length > 1 || wanted.owner !== null) && (
                <FormSelect value={wanted.owner ?? ""} aria-label={_("Owner")} id="guest-owner"
                            onChange={(_event, value) => onChange({ ...wanted, owner: OWNERS.find(owner => owner === value) ?? null })}>
                    <FormSelectOption value="" label={_("All owners")} />
                    {owners.map(owner => <FormSelectOption key={owner} value={owner} label={counted(ownerWord(owner), ofOwner(owner))} />)}
                </FormSelect>
            )}
            <FormSelect value={wanted.sort} aria-label={_("Sort by")} id="guest-sort" className="rhv-guests__order"
                        onChange={(_event, value) => {
                            const column = COLUMNS.find(one => one === value);
                            if (column)
                                onChange(sortedBy({ ...wanted, sort: "name" === column ? "state" : "name" }, column));
                        }}>
                {COLUMNS.map(column => <FormSelectOption key={column} value={column} label={_("By: {column}", { column: columnTitle(column) })} />)}
            </FormSelect>
            <FormSelect value={wanted.descending ? "descending" : "ascending"} aria-label={_("Direction of the order")} id="guest-direction"
                        className="rhv-guests__order" onChange={(_event, value) => onChange({ ...wanted, descending: value === "descending" })}>
                <FormSelectOption value="ascending" label={_("Ascending")} />
                <FormSelectOption value="descending" label={_("Descending")} />
            </FormSelect>
            <ColumnChoice wanted={wanted} onChange={onChange} />
        </div>
    );
}
