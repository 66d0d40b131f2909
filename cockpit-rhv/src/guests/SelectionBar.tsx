// SPDX-License-Identifier: Apache-2.0
import { _, plural } from "../i18n";
import { Button } from "../pf";
import { ActionMenu } from "./ActionMenu";
import { actionTitle, applies, type Action, type Guest } from "./states";

interface SelectionBarProps {
    guests: readonly Guest[];
    onAction: (action: Action, guests: readonly Guest[]) => void;
    onClear: () => void;
}

const FREQUENT: readonly Action[] = ["start", "shutdown"];

/** What can be done with the selected guests; stays in sight below the list. */
export function SelectionBar({ guests, onAction, onClear }: SelectionBarProps) {
    return (
        <section className="rhv-selection" aria-label={_("Selected guests")}>
            <span role="status">{plural("{count} selected", "{count} selected", guests.length)}</span>
            {FREQUENT.map(action => {
                const able = guests.filter(guest => applies(action, guest));
                return (
                    <Button key={action} variant="secondary" size="sm" isDisabled={able.length === 0} id={`selected-${action}`}
                            onClick={() => onAction(action, able)}>
                        {actionTitle(action)}
                    </Button>
                );
            })}
            <ActionMenu guests={guests} label={_("More actions")} text={_("More")} isDisabled={false} onAction={onAction} />
            <Button variant="link" size="sm" onClick={onClear} id="clear-selection">{_("Deselect")}</Button>
        </section>
    );
}
