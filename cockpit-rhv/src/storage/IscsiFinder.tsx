// SPDX-License-Identifier: Apache-2.0
import { useState, type ReactNode } from "react";

import { ErrorAlert } from "../common/ErrorAlert";
import { Notice } from "../common/Notice";
import type { RhvError, StorageLun, StorageTarget } from "../generated/wire";
import { _ } from "../i18n";
import { Button } from "../pf";
import { useCall } from "../rpc/hooks";
import { asError } from "../rpc/topics";
import { LunTable } from "./LunTable";
import { lunName, usedFor } from "./luns";
import { Checkbox, FormGroup, FormSelect, FormSelectOption } from "./pf";

type Answer<T> = { of: string; state: "asking" } | { of: string; state: "known"; value: T } | { of: string; state: "failed"; error: RhvError };

/** Asks when it is told to; an answer to another question is none. */
function useQuestion<T>(of: string, ask: () => Promise<T>): { answer: Answer<T> | null; run: () => void } {
    const [known, setKnown] = useState<Answer<T> | null>(null);
    const run = () => {
        setKnown({ of, state: "asking" });
        const set = (answer: Answer<T>) => setKnown(now => (now?.of === of ? answer : now));
        ask().then(value => set({ of, state: "known", value }),
                   (reason: unknown) => set({ of, state: "failed", error: asError(reason).error }));
    };
    return { answer: known?.of === of ? known : null, run };
}

/** What the LUNs that hold something hold. */
function held(luns: readonly StorageLun[]): string {
    return luns.filter(({ uses }) => uses.length > 0).map(lun => `${lunName(lun)}: ${lun.uses.map(usedFor).join(", ")}`).join("; ");
}

/** The questions to a server about its targets and their LUNs; none is asked before somebody wants it. */
export function useIscsi(portal: string | null, target: string) {
    const call = useCall();
    const targets = useQuestion<StorageTarget[]>(portal ?? "", () => call("storage.discover", { portal: portal ?? "" }).then(found => found.targets));
    const luns = useQuestion<StorageLun[]>(`${portal ?? ""} ${target}`, () =>
        call("storage.luns", { portals: [portal ?? ""], target }).then(found => found.luns));
    return { targets, luns, data: luns.answer?.state === "known" ? held(luns.answer.value) : "" };
}

interface IscsiFinderProps {
    iscsi: ReturnType<typeof useIscsi>;
    /** The portal is whole. */
    ready: boolean;
    target: string;
    onTarget: (target: string) => void;
    /** Of what was found on LUNs the user has said that it is known. */
    confirmed: boolean;
    onConfirm: (confirmed: boolean) => void;
    /** The field of the target's name stands between the two lists. */
    children: ReactNode;
}

/** Finds a portal's targets and shows the LUNs of one, with what is on them; nothing stays logged in. */
export function IscsiFinder({ iscsi: { targets, luns, data }, ready, target, onTarget, confirmed, onConfirm, children }: IscsiFinderProps) {
    return (
        <>
            <div>
                <Button variant="secondary" id="find-targets" isAriaDisabled={!ready || targets.answer?.state === "asking"}
                        isLoading={targets.answer?.state === "asking"} spinnerAriaValueText={_("Running")}
                        onClick={targets.run}>{_("Find targets")}</Button>
            </div>
            {targets.answer?.state === "failed" && <ErrorAlert error={targets.answer.error} title={_("The targets cannot be found out")} />}
            {targets.answer?.state === "known" && (targets.answer.value.length === 0
                ? <Notice variant="warning" title={_("The portal offers no target to this host.")} />
                : (
                    <FormGroup label={_("Targets of this server")} fieldId="pool-targets">
                        <FormSelect id="pool-targets" value={target} onChange={(_event, value) => onTarget(value)}>
                            {!targets.answer.value.some(one => one.target === target) && <FormSelectOption value={target} label={_("Choose one…")} />}
                            {targets.answer.value.map(one => <FormSelectOption key={one.target} value={one.target} label={one.target} />)}
                        </FormSelect>
                    </FormGroup>
                ))}
            {children}
            <div>
                <Button variant="secondary" id="show-luns" isAriaDisabled={!ready || target === "" || luns.answer?.state === "asking"}
                        isLoading={luns.answer?.state === "asking"} spinnerAriaValueText={_("Running")}
                        onClick={luns.run}>{_("Show its LUNs")}</Button>
            </div>
            {luns.answer?.state === "failed" && <ErrorAlert error={luns.answer.error} title={_("The LUNs cannot be found out")} />}
            {luns.answer?.state === "known" && (
                <section aria-labelledby="luns-title" data-luns={luns.answer.value.length}>
                    <span id="luns-title" className="pf-v6-screen-reader">{_("LUNs")}</span>
                    {luns.answer.value.length === 0
                        ? <Notice variant="warning" title={_("The target shows no LUN to this host.")} />
                        : <LunTable luns={luns.answer.value} labelledBy="luns-title" />}
                </section>
            )}
            {data !== "" && (
                <Notice variant="warning" title={_("There is data on this target")} data-held="">
                    <p>{data}</p>
                    <p>{_("Adding the target deletes nothing, but a guest that is given such a LUN writes over what is on it.")}</p>
                    <Checkbox id="pool-held" label={_("I know what is on these LUNs")} isChecked={confirmed}
                              onChange={(_event, checked) => onConfirm(checked)} />
                </Notice>
            )}
        </>
    );
}
