// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { ErrorAlert } from "../common/ErrorAlert";
import { _ } from "../i18n";
import { useCall } from "../rpc/hooks";
import { EditDialog } from "./EditDialog";
import { Checkbox, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, TextInput } from "./pf";
import type { Disk } from "./types";
import { useAnswer } from "./useAnswer";
import { WhenGroup, type When } from "./WhenGroup";
import { diskWord } from "./words";

/** What the choice says besides a path. */
const EJECT = "";
const TYPED = "typed";

interface MediumDialogProps {
    uuid: string;
    live: Disk | undefined;
    stored: Disk | undefined;
    onClose: () => void;
}

/** Puts a medium into a drive or takes it out, now, for the next start, or both. */
export function MediumDialog({ uuid, live, stored, onClose }: MediumDialogProps) {
    const call = useCall();
    const { value: found, error } = useAnswer("machines.media", {});
    const drive = live ?? stored;
    const current = drive?.source;
    const [choice, setChoice] = useState(current === undefined ? TYPED : EJECT);
    const [typed, setTyped] = useState("");
    const there: When = { now: live !== undefined, next: stored !== undefined };
    const [when, setWhen] = useState(there);
    const [force, setForce] = useState(false);
    if (!drive)
        return null;
    const path = choice === TYPED ? typed.trim() : choice;
    const wrong = choice === TYPED && typed !== "" && !path.startsWith("/");
    return (
        <EditDialog title={_("Change the medium in {name}", { name: diskWord(drive) })} onClose={onClose}
                    confirm={choice === EJECT ? _("Take out") : _("Insert")}
                    isDisabled={(!when.now && !when.next) || (choice === TYPED && !path.startsWith("/"))}
                    action={() => call("machines.change_medium", {
                        uuid, target: drive.target, path: choice === EJECT ? null : path, ...when, ...force && { force },
                    })}>
            {error && <ErrorAlert error={error} title={_("The images of the storage pools cannot be listed")} variant="warning" />}
            <FormGroup label={_("Medium")} fieldId="medium">
                <FormSelect id="medium" value={choice} onChange={(_event, value) => setChoice(value)}>
                    <FormSelectOption value={EJECT} label={_("None: take out what is in it")} />
                    {(found?.media ?? []).map(({ path: where, name, pool }) => (
                        <FormSelectOption key={where} value={where} label={_("{name} (pool {pool})", { name, pool })} />
                    ))}
                    <FormSelectOption value={TYPED} label={_("A file or device on this host…")} />
                </FormSelect>
                {current !== undefined && (
                    <FormHelperText><HelperText><HelperTextItem>{_("In it now: {source}", { source: current })}</HelperTextItem></HelperText></FormHelperText>
                )}
            </FormGroup>
            {choice === TYPED && (
                <FormGroup label={_("Path on this host")} fieldId="medium-path">
                    <TextInput id="medium-path" value={typed} onChange={(_event, value) => setTyped(value)} validated={wrong ? "error" : "default"}
                               aria-describedby="medium-path-help" />
                    <FormHelperText>
                        <HelperText id="medium-path-help">
                            <HelperTextItem variant={wrong ? "error" : "default"}>{_("The whole path, beginning with a slash.")}</HelperTextItem>
                        </HelperText>
                    </FormHelperText>
                </FormGroup>
            )}
            <WhenGroup id="medium" there={there} when={when} onWhen={setWhen} />
            {live && when.now && (
                <Checkbox id="medium-force" label={_("Even if the guest has locked the drive")} isChecked={force}
                          description={_("What it reads from the medium at that moment fails.")} onChange={(_event, checked) => setForce(checked)} />
            )}
        </EditDialog>
    );
}
