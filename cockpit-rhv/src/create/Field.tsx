// SPDX-License-Identifier: Apache-2.0
import { useState, type ReactNode } from "react";

import { bytes } from "../format";
import { _ } from "../i18n";
import { isBlock, type Place } from "./form";
import { FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, HelperTextItem, TextInput } from "./pf";

/** An input with what helps to fill it in, or what is wrong with it. */
export function Field({ id, label, problem, help, children }: {
    id: string; label: string; problem: string | undefined; help?: string | undefined; children: ReactNode;
}) {
    return (
        <FormGroup label={label} fieldId={id}>
            {children}
            {/* There from the start: a live region that comes with its text is not read out. */}
            <FormHelperText>
                <HelperText id={`${id}-help`} aria-live="polite">
                    {(problem ?? help) !== undefined && (
                        <HelperTextItem variant={problem === undefined ? "default" : "error"} {...problem !== undefined && { "data-problem": id }}>
                            {problem ?? help}
                        </HelperTextItem>
                    )}
                </HelperText>
            </FormHelperText>
        </FormGroup>
    );
}

interface TextFieldProps {
    id: string;
    label: string;
    value: string;
    problem: string | undefined;
    help?: string | undefined;
    type?: "text" | "password";
    numeric?: boolean;
    placeholder?: string;
    onChange: (value: string) => void;
}

export function TextField({ id, label, value, problem, help, type = "text", numeric = false, placeholder, onChange }: TextFieldProps) {
    return (
        <Field id={id} label={label} problem={problem} help={help}>
            <TextInput id={id} value={value} type={type} aria-describedby={`${id}-help`} autoComplete={type === "password" ? "new-password" : "off"}
                       validated={problem === undefined ? "default" : "error"} {...numeric && { inputMode: "numeric" as const }}
                       {...placeholder !== undefined && { placeholder }} onChange={(_event, next) => onChange(next)} />
        </Field>
    );
}

const OTHER = "\u0000other";

interface ChoiceFieldProps {
    id: string;
    label: string;
    value: string;
    choices: readonly { value: string; label: string }[];
    /** What the entry says that opens a text input. */
    other: string;
    problem: string | undefined;
    help?: string | undefined;
    onChange: (value: string) => void;
}

/** One of those that are known, or a path that is typed. */
export function ChoiceField({ id, label, value, choices, other, problem, help, onChange }: ChoiceFieldProps) {
    const known = choices.some(choice => choice.value === value);
    // What is there at first may be none of those that are known.
    const [typing, setTyping] = useState(choices.length === 0 || (value !== "" && !known));
    const validated = problem === undefined ? "default" : "error";
    return (
        <Field id={id} label={label} problem={problem} help={help}>
            {choices.length > 0 && (
                <FormSelect id={id} value={typing ? OTHER : value} validated={validated} aria-describedby={`${id}-help`}
                            onChange={(_event, next) => {
                                setTyping(next === OTHER);
                                onChange(next === OTHER ? "" : next);
                            }}>
                    {!known && !typing && <FormSelectOption value={value} label={_("Choose one")} isDisabled isPlaceholder />}
                    {choices.map(choice => <FormSelectOption key={choice.value} value={choice.value} label={choice.label} />)}
                    <FormSelectOption value={OTHER} label={other} />
                </FormSelect>
            )}
            {typing && (
                <TextInput id={choices.length > 0 ? `${id}-typed` : id} value={value} validated={validated} aria-describedby={`${id}-help`} autoComplete="off"
                           {...choices.length > 0 && { "aria-label": label }} onChange={(_event, next) => onChange(next)} />
            )}
        </Field>
    );
}

/** Where a new disk goes. */
export function PlaceField({ value, places, problem, onChange }: {
    value: string; places: readonly Place[]; problem: string | undefined; onChange: (value: string) => void;
}) {
    const word = ({ path, pool, free_bytes, block }: Place) => {
        const free = free_bytes === null ? _("does not answer") : _("{size} free", { size: bytes(free_bytes) });
        if (block && pool !== null)
            return _("Volumes of the pool {pool} ({path}): {free}", { path, pool, free });
        return pool === null ? _("{path}: {free}", { path, free }) : _("{path} (pool {pool}): {free}", { path, pool, free });
    };
    const choices = places.map(place => ({ value: place.path, label: word(place) }));
    const help = isBlock(places, value)
        ? _("The disk is a device of its whole size. What lay there before is not erased, only its partition table.")
        : undefined;
    return (
        <ChoiceField id="create-folder" label={_("Place of the disk")} value={value} choices={choices} other={_("Another directory…")}
                     problem={problem} help={help} onChange={onChange} />
    );
}
