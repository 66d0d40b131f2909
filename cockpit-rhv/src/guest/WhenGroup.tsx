// SPDX-License-Identifier: Apache-2.0
import { _ } from "../i18n";
import { Checkbox, FormGroup } from "./pf";

/** When a change of a guest counts: as it runs, as it starts next, or both. */
export interface When { now: boolean; next: boolean }

interface WhenGroupProps {
    /** What the names of the boxes begin with. */
    id: string;
    /** Which of the two there are to be changed. */
    there: When;
    when: When;
    onWhen: (when: When) => void;
    /** Why it cannot be now. */
    notNow?: string | undefined;
}

export function WhenGroup({ id, there, when, onWhen, notNow }: WhenGroupProps) {
    return (
        <FormGroup role="group" label={_("When")} fieldId={`${id}-when`}>
            {there.now && (
                <Checkbox id={`${id}-now`} label={_("Now")} isChecked={when.now} isDisabled={notNow !== undefined} description={notNow}
                          onChange={(_event, now) => onWhen({ ...when, now })} />
            )}
            {there.next && (
                <Checkbox id={`${id}-next`} label={_("From the next start on")} isChecked={when.next} onChange={(_event, next) => onWhen({ ...when, next })} />
            )}
        </FormGroup>
    );
}
