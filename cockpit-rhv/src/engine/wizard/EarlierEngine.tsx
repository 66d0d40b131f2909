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
import { TypedName } from "../cleanup/TypedName";

type EarlierFile = StorageReport["earlier"][number];

function fileWords({ name, virtual_bytes: disk, allocated_bytes: taken, modified_s: when }: EarlierFile): string {
    const facts = { name, taken: bytes(taken), when: dateTime(when) };
    return disk === null
        ? _("{name}: takes {taken}, last written {when}", facts)
        : _("{name}: a disk of {size} that takes {taken}, last written {when}", { ...facts, size: bytes(disk) });
}

type Use = "used" | "unknown" | "free";

function howUsed(files: EarlierFile[]): Use {
    if (files.some(file => file.in_use === true))
        return "used";
    return files.some(file => file.in_use === null) ? "unknown" : "free";
}

function title(use: Use, elsewhere: boolean): string {
    if (use === "used")
        return _("An engine of this name runs from this place");
    if (use === "unknown")
        return _("An engine of this name lies here, and whether it runs is unknown");
    return elsewhere ? _("Another host's engine of this name lies here") : _("An earlier engine of this name left its disk here");
}

function advice(use: Use): string {
    if (use === "used")
        return _("It may run on another host. Nothing can be done with it from here.");
    if (use === "unknown")
        return _("It may run on another host, so it cannot be deleted from here.");
    return _("A deployment makes a new engine and cannot take this one over. To keep it, use another name or place, or move these files away.");
}

/** Who started it last; null when nobody has, or this host. */
function starter({ earlier_elsewhere: elsewhere, earlier_host: host }: StorageReport): string | null {
    if (!elsewhere)
        return null;
    return host === null
        ? _("Which host started it last cannot be read: it may be a working engine that is switched off.")
        : _("The host {host} started it last: it may be a working engine that is switched off.", { host });
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
    const [typed, setTyped] = useState("");
    const { earlier: files, earlier_elsewhere: elsewhere } = report;
    const { engine } = params;
    if (files.length === 0 || engine === undefined)
        return null;
    const use = howUsed(files);
    const by = starter(report);
    const list = <ul className="rhv-earlier">{files.map(file => <li key={file.name}>{fileWords(file)}</li>)}</ul>;
    const wipe = () => call("storage.wipe_engine", {
        document: params.document, engine, files: files.map(({ name, mark }) => ({ name, mark })), ...(elsewhere && { typed }),
    }).then(again);
    return (
        <>
            <Notice variant="warning" data-earlier={use} title={title(use, elsewhere)}
                    actionLinks={(
                        <>
                            <Button variant="link" isInline onClick={() => go({ page: "deploy", step: "engine" })}>{_("Use another name")}</Button>
                            {use === "free" && <Button variant="link" isInline isDanger id="wipe-engine" onClick={() => { setTyped(""); setAsking(true); }}>{_("Delete these files…")}</Button>}
                        </>
                    )}>
                {list}
                {by !== null && <p>{by}</p>}
                <p>{advice(use)}</p>
            </Notice>
            {asking && (
                <ConfirmDialog title={_("Delete what the engine {name} left?", { name: engine })} confirm={_("Delete for good")} danger isDisabled={elsewhere && typed !== engine}
                               action={wipe} onClose={() => setAsking(false)}>
                    <p>{_("These files are lost for good, and with them that engine with all it knew: hosts, users, settings, certificates.")}</p>
                    {list}
                    {by !== null && <p>{by}</p>}
                    {elsewhere && <TypedName name={engine} value={typed} onChange={setTyped} />}
                </ConfirmDialog>
            )}
        </>
    );
}
