// SPDX-License-Identifier: Apache-2.0
/* eslint-disable jsx-a11y/no-redundant-roles, jsx-a11y/no-interactive-element-to-noninteractive-role */
import { useEffect, useRef, type KeyboardEvent } from "react";
import ArrowDownIcon from "@patternfly/react-icons/dist/esm/icons/long-arrow-alt-down-icon.js";
import ArrowUpIcon from "@patternfly/react-icons/dist/esm/icons/long-arrow-alt-up-icon.js";

import { _ } from "../i18n";
import { columnTitle } from "./columns";
import { GuestRow } from "./GuestRow";
import type { Column, Wanted } from "./query";
import type { Selection } from "./useSelection";
import type { Action, Doing, Guest } from "./states";
import { useWindow } from "./useWindow";

interface GuestTableProps {
    guests: readonly Guest[];
    wanted: Wanted;
    columns: readonly Column[];
    pending: ReadonlyMap<string, Doing>;
    privileged: boolean;
    selection: Selection;
    onSort: (column: Column) => void;
    onAction: (action: Action, guests: readonly Guest[]) => void;
}

function Head({ column, wanted, onSort }: { column: Column; wanted: Wanted; onSort: (column: Column) => void }) {
    const sorted = wanted.sort === column;
    const Icon = wanted.descending ? ArrowDownIcon : ArrowUpIcon;
    return (
        <th role="columnheader" scope="col" data-column={column}
            aria-sort={sorted ? (wanted.descending ? "descending" : "ascending") : "none"}>
            <button type="button" className="rhv-guests__sort" onClick={() => onSort(column)} id={`sort-${column}`}>
                {columnTitle(column)}
                {sorted && <Icon aria-hidden />}
            </button>
        </th>
    );
}

function SelectAll({ selection, isDisabled }: { selection: Selection; isDisabled: boolean }) {
    const box = useRef<HTMLInputElement>(null);
    useEffect(() => {
        if (box.current)
            box.current.indeterminate = selection.some && !selection.all;
    }, [selection.some, selection.all]);
    return (
        <input ref={box} type="checkbox" id="select-all" checked={selection.all} disabled={isDisabled}
               aria-label={_("Select all that are shown")} onChange={() => selection.selectAll(!selection.all)} />
    );
}

const STEPS: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -Infinity, End: Infinity };

/** The guests, of which only those in sight are drawn. The arrow keys go from row to row, in the same cell. */
export function GuestTable({ guests, wanted, columns, pending, privileged, selection, onSort, onAction }: GuestTableProps) {
    const { first, end, rowHeight, body, reveal } = useWindow(guests.length, 41);
    const goal = useRef<{ index: number; cell: string } | null>(null);

    // The row to go to may have to be drawn first.
    useEffect(() => {
        if (!goal.current)
            return;
        const { index, cell } = goal.current;
        const control = body.current?.querySelector<HTMLElement>(`[data-index="${String(index)}"] .${cell} :is(input, button)`);
        if (control) {
            goal.current = null;
            control.focus({ preventScroll: true });
        }
    });

    const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
        const step = STEPS[event.key];
        const control = event.target as HTMLElement;
        const row = control.closest<HTMLElement>("[data-index]");
        // An open menu has arrow keys of its own.
        if (step === undefined || !row || control.closest("[role=menu]") || control.getAttribute("aria-expanded") === "true")
            return;
        event.preventDefault();
        const index = Math.min(Math.max(0, Number(row.dataset.index) + step), guests.length - 1);
        const cell = control.closest(".rhv-guest__menu") ? "rhv-guest__menu" : "rhv-guest__check";
        goal.current = { index, cell };
        reveal(index);
        const near = body.current?.querySelector<HTMLElement>(`[data-index="${String(index)}"] .${cell} :is(input, button)`);
        if (near) {
            goal.current = null;
            near.focus({ preventScroll: true });
        }
    };

    return (
        // The keys only move the focus between controls that are there without them.
        // eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
        <table className="rhv-guests" role="table" aria-label={_("Guests")} aria-rowcount={guests.length + 1} onKeyDown={onKeyDown}
               data-shown={guests.length}>
            <thead role="rowgroup">
                <tr role="row" aria-rowindex={1}>
                    <th role="columnheader" scope="col" className="rhv-guest__check">
                        <SelectAll selection={selection} isDisabled={!privileged} />
                    </th>
                    {columns.map(column => <Head key={column} column={column} wanted={wanted} onSort={onSort} />)}
                    <th role="columnheader" scope="col" className="rhv-guest__menu"><span className="pf-v6-screen-reader">{_("Actions")}</span></th>
                </tr>
            </thead>
            <tbody role="rowgroup" ref={body}>
                {first > 0 && <tr role="presentation" aria-hidden style={{ blockSize: first * rowHeight }} className="rhv-guests__gap"><td /></tr>}
                {guests.slice(first, end).map((guest, offset) => (
                    <GuestRow key={guest.uuid} guest={guest} index={first + offset} columns={columns} privileged={privileged}
                              selected={selection.uuids.has(guest.uuid)} pending={pending.get(guest.uuid)}
                              onSelect={selection.select} onAction={onAction} />
                ))}
                {end < guests.length && (
                    <tr role="presentation" aria-hidden style={{ blockSize: (guests.length - end) * rowHeight }} className="rhv-guests__gap"><td /></tr>
                )}
            </tbody>
        </table>
    );
}
