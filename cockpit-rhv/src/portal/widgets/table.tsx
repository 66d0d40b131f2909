// SPDX-License-Identifier: Apache-2.0
// A table that becomes a list of cards on a phone. The roles are spelled out because a browser may drop a table's
// meaning when its cells are laid out as blocks.
/* eslint-disable jsx-a11y/no-redundant-roles, jsx-a11y/no-interactive-element-to-noninteractive-role */
import type { ReactNode } from "react";

export interface Column<T> {
    key: string;
    title: string;
    cell: (item: T) => ReactNode;
    /** The cell that names the row. */
    heading?: boolean;
    /** Of no use while the row has a note; such columns stand side by side. */
    live?: boolean;
    className?: string;
}

interface Props<T> {
    label: string;
    columns: readonly Column<T>[];
    rows: readonly T[];
    id: (item: T) => string;
    /** Said in place of the live columns, or null. */
    note: (item: T) => ReactNode;
}

interface RowProps<T> {
    row: T;
    columns: readonly Column<T>[];
    note: ReactNode;
}

function Cells<T>({ row, columns, note }: RowProps<T>) {
    const replaced = note === null ? [] : columns.filter(({ live }) => live);
    return columns.map(column => {
        const { key, title, heading, className, cell } = column;
        if (column === replaced[0]) {
            return <td key={key} className="rhv-table__note" role="cell" colSpan={replaced.length}>{note}</td>;
        }
        if (replaced.includes(column)) return null;
        if (heading) return <th key={key} className={className} role="rowheader" scope="row">{cell(row)}</th>;
        return (
            <td key={key} className={className} role="cell">
                <span className="rhv-table__label" aria-hidden="true">{title}</span>
                <div>{cell(row)}</div>
            </td>
        );
    });
}

export function Table<T>({ label, columns, rows, id, note }: Props<T>) {
    return (
        <table className="rhv-table" role="table" aria-label={label}>
            <thead role="rowgroup">
                <tr role="row">
                    {columns.map(({ key, title, className }) => <th key={key} className={className} role="columnheader" scope="col">{title}</th>)}
                </tr>
            </thead>
            <tbody role="rowgroup">
                {rows.map(row => (
                    <tr key={id(row)} role="row" data-row={id(row)}>
                        <Cells row={row} columns={columns} note={note(row)} />
                    </tr>
                ))}
            </tbody>
        </table>
    );
}
