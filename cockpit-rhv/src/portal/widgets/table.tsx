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
    className?: string;
}

interface Props<T> {
    label: string;
    columns: readonly Column<T>[];
    rows: readonly T[];
    id: (item: T) => string;
}

export function Table<T>({ label, columns, rows, id }: Props<T>) {
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
                        {columns.map(({ key, title, heading, className, cell }) => heading
                            ? <th key={key} className={className} role="rowheader" scope="row">{cell(row)}</th>
                            : (
                                <td key={key} className={className} role="cell">
                                    <span className="rhv-table__label" aria-hidden="true">{title}</span>
                                    <div>{cell(row)}</div>
                                </td>
                            ))}
                    </tr>
                ))}
            </tbody>
        </table>
    );
}
