// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";

import { ErrorAlert } from "../common/ErrorAlert";
import type { MachinesMediaResult, RhvError } from "../generated/wire";
import { _ } from "../i18n";
import { useCall } from "../rpc/hooks";
import { asError } from "../rpc/topics";
import { EditDialog } from "./EditDialog";
import { Checkbox, FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, TextInput } from "./pf";
import type { Disk } from "./types";
import { diskWord } from "./words";

type Media = MachinesMediaResult["media"];

/** What the choice says besides a path. */
const EJECT = "";
const TYPED = "typed";

function useMedia(): { media: Media | null; error: RhvError | null } {
    const call = useCall();
    const [media, setMedia] = useState<Media | null>(null);
    const [error, setError] = useState<RhvError | null>(null);
    useEffect(() => {
        let wanted = true;
        call("machines.media", {}).then(
            result => wanted && setMedia(result.media),
            (reason: unknown) => wanted && setError(asError(reason).error),
        );
        return () => {
            wanted = false;
        };
    }, [call]);
    return { media, error };
}

interface MediumDialogProps {
    uuid: string;
    live: Disk | undefined;
    stored: Disk | undefined;
    onClose: () => void;
}

/** Puts a medium into a drive or takes it out, now, for the next start, or both. */
export function MediumDialog({ uuid, live, stored, onClose }: MediumDialogProps) {
    const call = useCall();
    const { media, error } = useMedia();
    const drive = live ?? stored;
    const current = drive?.source;
    const [choice, setChoice] = useState(current === undefined ? TYPED : EJECT);
    const [typed, setTyped] = useState("");
    const [atOnce, setAtOnce] = useState(live !== undefined);
    const [next, setNext] = useState(stored !== undefined);
    const [force, setForce] = useState(false);
    if (!drive)
        return null;
    const path = choice === TYPED ? typed.trim() : choice;
    const wrong = choice === TYPED && typed !== "" && !path.startsWith("/");
    return (
        <EditDialog title={_("Change the medium in {name}", { name: diskWord(drive) })} onClose={onClose}
                    confirm={choice === EJECT ? _("Take out") : _("Insert")}
                    isDisabled={(!atOnce && !next) || (choice === TYPED && !path.startsWith("/"))}
                    action={() => call("machines.change_medium", {
                        uuid, target: drive.target, path: choice === EJECT ? null : path, now: atOnce, next, ...force && { force },
                    })}>
            {error && <ErrorAlert error={error} title={_("The images of the storage pools cannot be listed")} variant="warning" />}
            <FormGroup label={_("Medium")} fieldId="medium">
                <FormSelect id="medium" value={choice} onChange={(_event, value) => setChoice(value)}>
                    <FormSelectOption value={EJECT} label={_("None: take out what is in it")} />
                    {(media ?? []).map(({ path: where, name, pool }) => (
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
            <FormGroup role="group" label={_("When")} fieldId="medium-when">
                {live && <Checkbox id="medium-now" label={_("Now")} isChecked={atOnce} onChange={(_event, checked) => setAtOnce(checked)} />}
                {stored && <Checkbox id="medium-next" label={_("From the next start on")} isChecked={next} onChange={(_event, checked) => setNext(checked)} />}
            </FormGroup>
            {live && atOnce && (
                <Checkbox id="medium-force" label={_("Even if the guest has locked the drive")} isChecked={force}
                          description={_("What it reads from the medium at that moment fails.")} onChange={(_event, checked) => setForce(checked)} />
            )}
        </EditDialog>
    );
}
