// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { go } from "../../app/route";
import { ConfirmDialog } from "../../common/ConfirmDialog";
import { Notice } from "../../common/Notice";
import { bytes, dateTime } from "../../format";
import type { StorageReport, StorageTestParams } from "../../generated/wire";
import { _ } from "../../i18n";
import { Button } from "../../pf";
import { useCall } from "../../rpc/hooks";

type EarlierFile = StorageReport["earlier"][number];

function fileWords({ name, virtual_bytes: disk, allocated_bytes: taken, modified_s: when }: EarlierFile): string {
    const facts = { name, taken: bytes(taken), when: dateTime(when) };
    return disk === null
        ? _("{name}: takes {taken}, last written {when}", facts)
        : _("{name}: a disk of {size} that takes {taken}, last written {when}", { ...facts, size: bytes(disk) });
}

interface EarlierEngineProps {
    report: StorageReport;
    /** What was tested. */
    params: StorageTestParams;
    /** Tests it once more. */
    again: () => void;
}

/** What an engine of the wanted name left in the place, and the ways out. */
export function EarlierEngine({ report, params, again }: EarlierEngineProps) {
    const call = useCall();
    const [asking, setAsking] = useState(false);
    const { earlier: files } = report;
    const { engine } = params;
    if (files.length === 0 || engine === undefined)
        return null;
    const used = files.some(file => file.in_use === true);
    const list = <ul className="rhv-earlier">{files.map(file => <li key={file.name}>{fileWords(file)}</li>)}</ul>;
    const wipe = () => call("storage.wipe_engine", {
        document: params.document, engine, files: files.map(({ name, mark }) => ({ name, mark })),
    }).then(again);
    return (
        <>
            <Notice variant="warning" data-earlier={used ? "used" : "free"}
                    title={used ? _("An engine of this name runs from this place") : _("An earlier engine of this name left its disk here")}
                    actionLinks={(
                        <>
                            <Button variant="link" isInline onClick={() => go({ page: "deploy", step: "engine" })}>{_("Use another name")}</Button>
                            {!used && <Button variant="link" isInline isDanger id="wipe-engine" onClick={() => setAsking(true)}>{_("Delete these files…")}</Button>}
                        </>
                    )}>
                {list}
                <p>
                    {used
                        ? _("It may run on another host. Nothing can be done with it from here.")
                        : _("A deployment makes a new engine and cannot take this one over. To keep it, use another name or place, or move these files away.")}
                </p>
            </Notice>
            {asking && (
                <ConfirmDialog title={_("Delete what the engine {name} left?", { name: engine })} confirm={_("Delete for good")} danger
                               action={wipe} onClose={() => setAsking(false)}>
                    <p>{_("These files are lost for good, and with them that engine with all it knew: hosts, users, settings, certificates.")}</p>
                    {list}
                </ConfirmDialog>
            )}
        </>
    );
}
