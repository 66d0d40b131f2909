// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";
import EyeIcon from "@patternfly/react-icons/dist/esm/icons/eye-icon.js";
import EyeSlashIcon from "@patternfly/react-icons/dist/esm/icons/eye-slash-icon.js";

import { secretProblem, type Secret, type SecretName } from "../../form/draft";
import { strength, type Strength } from "../../form/password";
import { _ } from "../../i18n";
import { Button } from "../../pf";
import { FormGroup, FormHelperText, HelperText, InputGroup, InputGroupItem, TextInput } from "./pf";
import { Hint } from "./Hint";

interface PasswordFieldsProps {
    name: SecretName;
    label: string;
    repeatLabel: string;
    help: string;
    secret: Secret;
    required: boolean;
    /** Mark what is missing, not only what is wrong. */
    strict: boolean;
    onEdit: (secret: Secret) => void;
}

function strengthHint(value: string): { variant: "error" | "warning" | "success"; sentence: string } {
    const hints: Record<Strength, { variant: "error" | "warning" | "success"; sentence: string }> = {
        weak: { variant: "warning", sentence: _("Weak: a longer password, or several words, is better.") },
        fair: { variant: "warning", sentence: _("Fair: a few more characters make it strong.") },
        strong: { variant: "success", sentence: _("Strong password.") },
    };
    return hints[strength(value)];
}

/** A password, typed twice. It goes to the host with the deployment, which keeps its hash only. */
export function PasswordFields({ name, label, repeatLabel, help, secret, required, strict, onEdit }: PasswordFieldsProps) {
    const [shown, setShown] = useState(false);
    const [repeatVisited, setRepeatVisited] = useState(false);
    const problem = secretProblem(name, secret, required);
    const valueProblem = secret.value !== "" || strict ? problem.value : undefined;
    // "They differ" is no news while the second one is still being typed.
    const typingRepeat = !repeatVisited && secret.value.startsWith(secret.repeated);
    const repeatProblem = strict || !typingRepeat ? problem.repeated : undefined;
    const id = name.replaceAll("_", "-");
    const type = shown ? "text" : "password";
    const hint = secret.value !== "" && valueProblem === undefined ? strengthHint(secret.value) : null;

    return (
        <>
            <FormGroup label={label} fieldId={id} isRequired={required} data-field-group={`secrets.${name}`}>
                <InputGroup>
                    <InputGroupItem isFill>
                        <TextInput id={id} data-field={`secrets.${name}`} type={type} value={secret.value}
                                   autoComplete="new-password" isRequired={required} aria-describedby={`${id}-help`}
                                   validated={valueProblem === undefined ? "default" : "error"}
                                   onChange={(_event, value) => onEdit({ ...secret, value })} />
                    </InputGroupItem>
                    <InputGroupItem>
                        <Button variant="control" onClick={() => setShown(!shown)} aria-pressed={shown}
                                aria-label={shown ? _("Hide the passwords") : _("Show the passwords")}
                                icon={shown ? <EyeSlashIcon /> : <EyeIcon />} />
                    </InputGroupItem>
                </InputGroup>
                <FormHelperText>
                    <HelperText id={`${id}-help`} aria-live="polite">
                        {valueProblem === undefined
                            ? <Hint {...(hint && { variant: hint.variant })}>{hint?.sentence ?? help}</Hint>
                            : <Hint variant="error" problem={`secrets.${name}`}>{valueProblem}</Hint>}
                    </HelperText>
                </FormHelperText>
            </FormGroup>
            {(required || secret.value !== "") && (
                <FormGroup label={repeatLabel} fieldId={`${id}-repeat`} isRequired={required}>
                    <TextInput id={`${id}-repeat`} data-field={`secrets.${name}.repeat`} type={type} value={secret.repeated}
                               autoComplete="new-password" isRequired={required} aria-describedby={`${id}-repeat-help`}
                               validated={repeatProblem === undefined ? "default" : "error"}
                               onBlur={() => setRepeatVisited(secret.repeated !== "")}
                               onChange={(_event, repeated) => onEdit({ ...secret, repeated })} />
                    <FormHelperText>
                        <HelperText id={`${id}-repeat-help`} aria-live="polite">
                            {repeatProblem !== undefined &&
                                <Hint variant="error" problem={`secrets.${name}.repeat`}>{repeatProblem}</Hint>}
                        </HelperText>
                    </FormHelperText>
                </FormGroup>
            )}
        </>
    );
}
