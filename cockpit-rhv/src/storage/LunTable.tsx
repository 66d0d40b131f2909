// SPDX-License-Identifier: Apache-2.0
import { Status } from "../common/Status";
import { bytes } from "../format";
import type { StorageLun } from "../generated/wire";
import { Table, type Column } from "../guest/Table";
import { _, plural } from "../i18n";
import { isWell, lunName, usedFor } from "./luns";

function Paths({ paths }: Pick<StorageLun, "paths">) {
    const sick = paths.filter(path => !isWell(path.state)).length;
    const count = plural("{count} path", "{count} paths", paths.length);
    return sick === 0 ? count : <Status tone="warning">{plural("{all}, one does not work", "{all}, {count} do not work", sick, { all: count })}</Status>;
}

function columns(): Column<StorageLun>[] {
    return [
        { id: "lun", title: _("LUN"), cell: lunName },
        { id: "size", title: _("Size"), cell: ({ size_bytes: size }) => bytes(size) },
        { id: "vendor", title: _("Vendor"), cell: ({ vendor, model }) => `${vendor} ${model}`.trim() || "–" },
        { id: "serial", title: _("Serial number"), cell: ({ serial }) => <span className="rhv-path">{serial || "–"}</span> },
        { id: "paths", title: _("Paths"), cell: ({ paths }) => <Paths paths={paths} /> },
        {
            id: "uses",
            title: _("In use by"),
            cell: ({ uses, read_only: readOnly }) => (
                <>
                    {uses.length === 0 ? _("nothing found") : uses.map(usedFor).join(", ")}
                    {readOnly && <div className="rhv-muted">{_("can only be read")}</div>}
                </>
            ),
        },
    ];
}

/** LUNs with what is on them. */
export function LunTable({ luns, labelledBy }: { luns: readonly StorageLun[]; labelledBy: string }) {
    return <Table labelledBy={labelledBy} columns={columns()} rows={luns} name={({ device }) => device} />;
}
