// SPDX-License-Identifier: Apache-2.0
// The two kinds of fields of the dialogs that add a device, and what is wrong with them.
import { FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, TextInput } from "./pf";

interface TextFieldProps {
    id: string;
    label: string;
    value: string;
    onValue: (value: string) => void;
    problem: string | null;
    help?: string;
}

/** A line of text with what is wrong with it, or else how it is meant. */
export function TextField({ id, label, value, onValue, problem, help }: TextFieldProps) {
    return (
        <FormGroup label={label} fieldId={id}>
            <TextInput id={id} value={value} onChange={(_event, typed) => onValue(typed)} validated={problem === null ? "default" : "error"}
                       aria-describedby={`${id}-help`} />
            <FormHelperText>
                <HelperText id={`${id}-help`} aria-live="polite">
                    {(problem ?? help) !== undefined && <HelperTextItem variant={problem === null ? "default" : "error"}>{problem ?? help}</HelperTextItem>}
                </HelperText>
            </FormHelperText>
        </FormGroup>
    );
}

/** What is wrong with a field or a group of them; room is taken only then. */
export function Problem({ id, problem }: { id: string; problem: string | null }) {
    return (
        <div aria-live="polite">
            {problem !== null && (
                <FormHelperText>
                    <HelperText id={id}><HelperTextItem variant="error">{problem}</HelperTextItem></HelperText>
                </FormHelperText>
            )}
        </div>
    );
}

interface ChoiceProps {
    id: string;
    label: string;
    value: string;
    onValue: (value: string) => void;
    options: readonly { value: string; label: string; off?: boolean }[];
    problem?: string | null;
}

export function Choice({ id, label, value, onValue, options, problem = null }: ChoiceProps) {
    return (
        <FormGroup label={label} fieldId={id}>
            <FormSelect id={id} value={value} onChange={(_event, chosen) => onValue(chosen)} validated={problem === null ? "default" : "error"}
                        {...problem !== null && { "aria-describedby": `${id}-help` }}>
                {options.map(({ value: one, label: word, off }) => <FormSelectOption key={one} value={one} label={word} isDisabled={off === true} />)}
            </FormSelect>
            <Problem id={`${id}-help`} problem={problem} />
        </FormGroup>
    );
}
