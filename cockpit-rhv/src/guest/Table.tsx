// SPDX-License-Identifier: Apache-2.0
// A small table; on a phone each row is a block. The roles are spelled out because a browser may drop a table's meaning
// when its cells are laid out as blocks.
/* eslint-disable jsx-a11y/no-interactive-element-to-noninteractive-role, jsx-a11y/no-redundant-roles */
import type { ReactNode } from "react";

export interface Column<R> {
    /** Stable name for tests and styles. */
    id: string;
    title: string;
    /** The title is for screen readers only. */
    hidden?: boolean;
    cell: (row: R) => ReactNode;
}

interface TableProps<R> {
    labelledBy: string;
    columns: readonly Column<R>[];
    rows: readonly R[];
    name: (row: R) => string;
}

/** The first column names the row. */
export function Table<R>({ labelledBy, columns, rows, name }: TableProps<R>) {
    return (
        <table role="table" aria-labelledby={labelledBy} className="rhv-table">
            <thead role="rowgroup">
                <tr role="row">
                    {columns.map(({ id, title, hidden }) => (
                        <th key={id} role="columnheader" scope="col" data-column={id}>
                            {hidden === true ? <span className="pf-v6-screen-reader">{title}</span> : title}
                        </th>
                    ))}
                </tr>
            </thead>
            <tbody role="rowgroup">
                {rows.map(row => (
                    <tr key={name(row)} role="row" data-row={name(row)}>
                        {columns.map(({ id, title, hidden, cell }, index) => (
                            index === 0
                                ? <th key={id} role="rowheader" scope="row" data-column={id}>{cell(row)}</th>
                                : (
                                    <td key={id} role="cell" data-column={id}>
                                        {hidden !== true && <span className="rhv-table__label" aria-hidden>{title}</span>}
                                        <div>{cell(row)}</div>
                                    </td>
                                )
                        ))}
                    </tr>
                ))}
            </tbody>
        </table>
    );
}
