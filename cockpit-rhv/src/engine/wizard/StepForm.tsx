// SPDX-License-Identifier: Apache-2.0
import { Fragment, useState, type ReactNode } from "react";

import { edit, editSecret, isSecretRequired, isShown, sectionsOf, type Draft, type Secret, type SecretName } from "../../form/draft";
import { ruleFor, type StepId } from "../../form/layout";
import type { Raw } from "../../form/raw";
import type { Field } from "../../form/schema";
import { _ } from "../../i18n";
import { ExpandableSection, Title } from "../../pf";
import { Form } from "./pf";
import type { DraftHandle } from "../draft-context";
import { FieldInput } from "./FieldInput";
import { PasswordFields } from "./PasswordFields";
import { StepNotices } from "./StepNotices";

interface StepFormProps {
    draft: Draft;
    update: DraftHandle["update"];
    step: StepId;
    title: string;
    intro: string;
    problems: ReadonlyMap<string, string>;
    /** Below the fields. */
    below?: ReactNode;
}

const isNumber = (field: Field) => field.schema.type === "integer";

/** One step of the wizard: the fields of its sections, the rarely used ones folded away. */
export function StepForm({ draft, update, step, title, intro, problems, below }: StepFormProps) {
    const onEdit = (path: string, value: Raw) => update(old => edit(old, path, value));
    const onSecret = (name: SecretName) => (secret: Secret) => update(old => editSecret(old, name, secret));
    const strict = draft.left.has(step);

    const fields = sectionsOf(draft, step).flatMap(section => section.fields).filter(field => isShown(draft, field.path));
    const main = fields.filter(field => !ruleFor(field.path).more);
    // Small numbers stand side by side.
    const numbers = main.filter(isNumber);
    const more = fields.filter(field => ruleFor(field.path).more);
    // A problem must not hide in a folded section.
    const troubled = more.some(field => problems.has(field.path)) || (step === "engine" && problems.has("secrets.root_password"));
    const [open, setOpen] = useState(false);

    const input = (field: Field) => (
        <Fragment key={field.path}>
            <FieldInput field={field} draft={draft} onEdit={value => onEdit(field.path, value)}
                        problem={strict || draft.typed.has(field.path) ? problems.get(field.path) : undefined} />
            <StepNotices draft={draft} step={step} of={field.path} problems={problems} onEdit={onEdit} />
        </Fragment>
    );

    return (
        <Form isWidthLimited onSubmit={event => event.preventDefault()} data-step={step} aria-labelledby={`${step}-title`}>
            <div>
                <Title headingLevel="h2" size="xl" id={`${step}-title`}>{title}</Title>
                <p className="rhv-muted">{intro}</p>
            </div>
            <StepNotices draft={draft} step={step} of={null} problems={problems} onEdit={onEdit} />
            {main.filter(field => !isNumber(field)).map(input)}
            {step === "engine" && (
                <PasswordFields name="admin_password" label={_("Administrator's password")} strict={strict}
                                required={isSecretRequired(draft, "admin_password")}
                                repeatLabel={_("The same password again")}
                                help={draft.begun
                                    ? _("Leave it empty to keep the one given before.")
                                    : _("For the Manager's user admin@internal. Only its hash is stored.")}
                                secret={draft.secrets.admin_password} onEdit={onSecret("admin_password")} />
            )}
            {numbers.length > 0 && <div className="rhv-numbers">{numbers.map(input)}</div>}
            {(more.length > 0 || step === "engine") && (
                <ExpandableSection toggleText={_("More settings")} isIndented isExpanded={open || troubled}
                                   onToggle={(_event, expanded) => setOpen(expanded)}>
                    <div className="rhv-more">
                        {more.map(input)}
                        {step === "engine" && (
                            <PasswordFields name="root_password" label={_("Root's password in the engine VM")} required={false}
                                            repeatLabel={_("Root's password again")} strict={strict}
                                            help={draft.begun
                                                ? _("Leave it empty to keep what was given before.")
                                                : _("Optional. Without it, root logs in with the SSH key or not at all.")}
                                            secret={draft.secrets.root_password} onEdit={onSecret("root_password")} />
                        )}
                    </div>
                </ExpandableSection>
            )}
            {below}
        </Form>
    );
}
