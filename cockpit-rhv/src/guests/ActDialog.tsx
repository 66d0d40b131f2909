// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { Modal, ModalBody, ModalFooter, ModalHeader } from "../common/modal";
import { mainElement } from "../common/PageFrame";
import { _, plural } from "../i18n";
import { Button } from "../pf";
import { Checkbox, NumberInput } from "./pf";
import { actionTitle, type Action, type Guest } from "./states";

/** Names that are written out; of more, how many there are. */
const MOST_NAMES = 10;
const DEFAULT_MINUTES = 5;
const MOST_MINUTES = 60;

/** What has to be thought about before; the others are done at once. */
export function needsConfirmation(action: Action): action is "shutdown" | "reboot" | "reset" | "power_off" | "save" | "nmi" {
    return ["shutdown", "reboot", "reset", "power_off", "save", "nmi"].includes(action);
}

type Confirmed = "shutdown" | "reboot" | "reset" | "power_off" | "save" | "nmi";

function title(action: Confirmed, count: number, name: string): string {
    switch (action) {
    case "shutdown": return count === 1 ? _("Shut down {name}?", { name }) : plural("Shut down {count} guest?", "Shut down {count} guests?", count);
    case "reboot": return count === 1 ? _("Reboot {name}?", { name }) : plural("Reboot {count} guest?", "Reboot {count} guests?", count);
    case "reset": return count === 1 ? _("Reset {name}?", { name }) : plural("Reset {count} guest?", "Reset {count} guests?", count);
    case "power_off": return count === 1 ? _("Power off {name}?", { name }) : plural("Power off {count} guest?", "Power off {count} guests?", count);
    case "save": return count === 1 ? _("Save the state of {name}?", { name }) : plural("Save the state of {count} guest?", "Save the state of {count} guests?", count);
    case "nmi": return count === 1 ? _("Send an NMI to {name}?", { name }) : plural("Send an NMI to {count} guest?", "Send an NMI to {count} guests?", count);
    }
}

/** What happens, and what is lost by it. */
function consequence(action: Confirmed): string {
    switch (action) {
    case "shutdown": return _("The system inside is asked to shut down, as by its power button. Whatever it serves ends.");
    case "reboot": return _("The system inside is asked to start anew. Whatever it serves is away until then.");
    case "reset": return _("This is like pressing the reset button: what has not been written to disk is lost, and file systems may need repair.");
    case "power_off": return _("This is like pulling the plug: what has not been written to disk is lost, and file systems may need repair.");
    case "save": return _("The memory is written to this host's disk and the guest is off until it is started again; then it goes on where it was. Its connections break.");
    case "nmi": return _("Most systems take it for a fault of the machine: they write a crash dump and start anew. What has not been written to disk is lost.");
    }
}

function Names({ guests }: { guests: readonly Guest[] }) {
    return (
        <ul className="rhv-guests__names">
            {guests.slice(0, MOST_NAMES).map(({ uuid, name }) => <li key={uuid}>{name}</li>)}
            {guests.length > MOST_NAMES && <li className="rhv-muted">{_("and {count} more", { count: guests.length - MOST_NAMES })}</li>}
        </ul>
    );
}

interface ActDialogProps {
    action: Confirmed;
    guests: readonly Guest[];
    /** `wait_s`: after so many seconds what still runs is powered off; null: never. */
    onConfirm: (wait_s: number | null) => void;
    onClose: () => void;
}

/** Asks before something that interrupts or loses; names the guests it is about. */
export function ActDialog({ action, guests, onConfirm, onClose }: ActDialogProps) {
    const [forced, setForced] = useState(false);
    const [minutes, setMinutes] = useState(DEFAULT_MINUTES);
    const set = (value: number) => setMinutes(Math.min(MOST_MINUTES, Math.max(1, Math.round(value) || 1)));
    const danger = action === "reset" || action === "power_off" || action === "nmi" || forced;
    const transient = action === "power_off" || action === "shutdown" ? guests.filter(({ persistent }) => !persistent).length : 0;
    return (
        <Modal isOpen variant="small" onEscapePress={onClose} appendTo={mainElement}
               aria-labelledby="act-title" aria-describedby="act-body">
            <ModalHeader title={title(action, guests.length, guests[0]?.name ?? "")} labelId="act-title" />
            <ModalBody id="act-body" className="rhv-act">
                <p>{consequence(action)}</p>
                {transient > 0 && <p>{plural("{count} of them has no stored definition: it is gone when it is off.", "{count} of them have no stored definition: they are gone when they are off.", transient)}</p>}
                {guests.length > 1 && <Names guests={guests} />}
                {action === "shutdown" && (
                    <Checkbox id="act-forced" label={_("Power off what still runs after a while")} isChecked={forced}
                              onChange={(_event, checked) => setForced(checked)}
                              description={_("What has not been written to disk is lost then. The host sees to it by itself: this page may be closed.")}
                              body={forced && (
                                  <NumberInput value={minutes} min={1} max={MOST_MINUTES} unit={_("minutes")} inputName="minutes"
                                               inputAriaLabel={_("Minutes to wait")} minusBtnAriaLabel={_("Less")} plusBtnAriaLabel={_("More")}
                                               onMinus={() => set(minutes - 1)} onPlus={() => set(minutes + 1)}
                                               onChange={event => set(Number(event.currentTarget.value))} />
                              )} />
                )}
            </ModalBody>
            <ModalFooter>
                <Button variant={danger ? "danger" : "primary"} id="act-confirm"
                        onClick={() => onConfirm(forced ? minutes * 60 : null)}>
                    {actionTitle(action)}
                </Button>
                <Button variant="link" onClick={onClose}>{_("Cancel")}</Button>
            </ModalFooter>
        </Modal>
    );
}
