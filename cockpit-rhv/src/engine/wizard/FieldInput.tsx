// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { choicesFor, type Draft } from "../../form/draft";
import { optionText, ruleFor } from "../../form/layout";
import type { Raw } from "../../form/raw";
import type { Field } from "../../form/schema";
import { _, text } from "../../i18n";
import {
    FormGroup, FormHelperText, FormSelect, FormSelectOption, HelperText, Radio, TextArea, TextInput,
} from "./pf";
import { Hint } from "./Hint";

interface FieldInputProps {
    field: Field;
    draft: Draft;
    problem: string | undefined;
    onEdit: (value: Raw) => void;
}

export const fieldId = (path: string) => path.replaceAll(/[._]/g, "-");

/** An empty value is a FormSelect's "nothing chosen"; this one opens a text input. */
const OTHER = "\u0000other";

interface InputProps extends FieldInputProps {
    id: string;
    describedBy: string;
    validated: "error" | "default";
    value: string;
}

function ChoiceInput({ field, draft, onEdit, id, describedBy, validated, value }: InputProps) {
    const choices = choicesFor(draft, field.path);
    const [other, setOther] = useState(false);
    const known = choices.some(choice => choice.value === value);
    const typing = other || !known;
    return (
        <>
            <FormSelect id={id} data-field={field.path} value={typing ? OTHER : value} validated={validated}
                        aria-describedby={describedBy}
                        onChange={(_event, next) => {
                            setOther(next === OTHER);
                            if (next !== OTHER)
                                onEdit(next);
                        }}>
                {choices.map(choice => (
                    <FormSelectOption key={choice.value} value={choice.value}
                                      label={choice.description ? `${choice.label} · ${text(choice.description)}` : choice.label} />
                ))}
                <FormSelectOption value={OTHER} label={_("Another one…")} />
            </FormSelect>
            {typing && (
                <TextInput id={`${id}-other`} data-field={`${field.path}.other`} value={value} validated={validated}
                           aria-label={_(field.title)} aria-describedby={describedBy}
                           onChange={(_event, next) => onEdit(next)} />
            )}
        </>
    );
}

function EnumSelect({ field, onEdit, id, describedBy, validated, value }: InputProps) {
    return (
        <FormSelect id={id} data-field={field.path} value={value} validated={validated} aria-describedby={describedBy}
                    onChange={(_event, next) => onEdit(next)}>
            {field.schema.enum?.map(option => (
                <FormSelectOption key={option} value={option} label={optionText(field.path, option).label} />
            ))}
        </FormSelect>
    );
}

function Input(props: InputProps) {
    const { field, draft, onEdit, id, describedBy, validated, value } = props;
    const rule = ruleFor(field.path);
    if (field.schema.enum)
        return <EnumSelect {...props} />;
    if (choicesFor(draft, field.path).length > 0)
        return <ChoiceInput {...props} />;
    const common = {
        id, value, validated, "data-field": field.path, "aria-describedby": describedBy,
        onChange: (_event: unknown, next: string) => onEdit(next),
        spellCheck: false, autoComplete: "off",
    };
    if (rule.widget === "textarea")
        return <TextArea {...common} rows={3} resizeOrientation="vertical" className="rhv-mono" />;
    return (
        <TextInput {...common} type="text" className={`rhv-input--${rule.width ?? "full"}`}
                   {...(field.schema.type === "integer" && { inputMode: "numeric" as const })} />
    );
}

function RadioGroup({ field, onEdit, value, id, describedBy }: Omit<InputProps, "validated">) {
    return (
        <FormGroup role="radiogroup" label={_(field.title)} fieldId={id} isRequired={field.required} isStack
                   data-field-group={field.path} aria-describedby={describedBy}>
            {field.schema.enum?.map(option => {
                const { label, description } = optionText(field.path, option);
                const reason = field.schema["x-unavailable"]?.[option];
                return (
                    <Radio key={option} id={`${id}-${option}`} name={id} data-field={field.path} data-value={option}
                           label={label} description={reason === undefined ? description : _(reason)}
                           isDisabled={reason !== undefined} isChecked={value === option}
                           onChange={() => onEdit(option)} />
                );
            })}
        </FormGroup>
    );
}

/** One answer: label, input, and below it its help or what is wrong with it. */
export function FieldInput(props: FieldInputProps) {
    const { field, draft, problem } = props;
    const id = fieldId(field.path);
    const describedBy = `${id}-help`;
    const raw = draft.raw[field.path];
    const value = typeof raw === "string" ? raw : "";
    const rule = ruleFor(field.path);
    const required = field.required || (rule.required?.(path => draft.raw[path]) ?? false);

    if (rule.widget === "radio" && field.schema.enum)
        return <RadioGroup {...props} id={id} describedBy={describedBy} value={value} />;
    return (
        <FormGroup label={_(field.title)} fieldId={id} isRequired={required} data-field-group={field.path}>
            <Input {...props} id={id} describedBy={describedBy} value={value}
                   validated={problem === undefined ? "default" : "error"} />
            <FormHelperText>
                <HelperText id={describedBy} aria-live="polite">
                    {problem === undefined
                        ? <Hint>{_(field.help)}</Hint>
                        : <Hint variant="error" problem={field.path}>{problem}</Hint>}
                </HelperText>
            </FormHelperText>
        </FormGroup>
    );
}
