// SPDX-License-Identifier: Apache-2.0
// One guest. The roles are spelled out because a browser may drop a table's meaning when its cells are laid out as blocks.
/* eslint-disable jsx-a11y/no-interactive-element-to-noninteractive-role */
import { memo, useContext } from "react";
import LockIcon from "@patternfly/react-icons/dist/esm/icons/lock-icon.js";

import { href } from "../app/route";
import { _, text } from "../i18n";
import { ActionMenu } from "./ActionMenu";
import { QueryContext, State, cell, columnTitle } from "./columns";
import type { Column } from "./query";
import { isProtected, ownerWord, stateWord, type Action, type Doing, type Guest } from "./states";

interface GuestRowProps {
    guest: Guest;
    /** From 0; the head is the table's first row. */
    index: number;
    columns: readonly Column[];
    selected: boolean;
    pending: Doing | undefined;
    privileged: boolean;
    onSelect: (index: number, selected: boolean, range: boolean) => void;
    onAction: (action: Action, guests: readonly Guest[]) => void;
}

function Name({ guest }: { guest: Guest }) {
    const query = useContext(QueryContext);
    return (
        <span className="rhv-guest__name">
            <a className="rhv-guest__text" href={href({ page: "guest", uuid: guest.uuid, query })} title={guest.name}>{guest.name}</a>
            {isProtected(guest) && (
                <span className="rhv-guest__lock" title={_("Run by: {owner}. It is changed there, not here.", { owner: ownerWord(guest.owner) })}>
                    <LockIcon aria-hidden />
                    <span className="pf-v6-screen-reader">{ownerWord(guest.owner)}</span>
                </span>
            )}
        </span>
    );
}

/** Drawn anew only when the guest itself or its place has changed. */
export const GuestRow = memo(function GuestRow({ guest, index, columns, selected, pending, privileged, onSelect, onAction }: GuestRowProps) {
    const locked = isProtected(guest);
    return (
        <tr role="row" aria-rowindex={index + 2} data-guest={guest.uuid} data-state={guest.state} data-index={index}
            className={selected ? "rhv-guest rhv-guest--selected" : "rhv-guest"}>
            <td role="cell" className="rhv-guest__check">
                <input type="checkbox" checked={selected} disabled={locked || !privileged} aria-label={_("Select {name}", { name: guest.name })}
                       onClick={event => onSelect(index, !selected, event.shiftKey)} onChange={() => undefined} />
            </td>
            {columns.map(column => {
                if (column === "name")
                    return <th key={column} role="rowheader" scope="row" data-column="name"><Name guest={guest} /></th>;
                if (column === "state") {
                    return (
                        <td key={column} role="cell" data-column="state" title={guest.error ? text(guest.error.message) : stateWord(guest)}>
                            <State guest={guest} pending={pending} />
                        </td>
                    );
                }
                return (
                    <td key={column} role="cell" data-column={column}>
                        <span className="rhv-guest__label" aria-hidden>{columnTitle(column)}</span>
                        {cell(column, guest)}
                    </td>
                );
            })}
            <td role="cell" className="rhv-guest__menu">
                <ActionMenu guests={[guest]} label={_("Actions for {name}", { name: guest.name })}
                            isDisabled={!privileged || guest.state === "unknown"} consoleOf={guest} {...!locked && { cloneOf: guest }} onAction={onAction} />
            </td>
        </tr>
    );
});
