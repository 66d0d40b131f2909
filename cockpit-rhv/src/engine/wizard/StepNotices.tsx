// SPDX-License-Identifier: Apache-2.0
import { fieldsOf, noticesOf, type Draft } from "../../form/draft";
import type { StepId } from "../../form/layout";
import type { Raw } from "../../form/raw";
import { _, text } from "../../i18n";
import { Checkbox, FormHelperText, HelperText } from "./pf";
import { Hint } from "./Hint";
import { Notice } from "../../common/Notice";
import { fieldId } from "./FieldInput";

interface StepNoticesProps {
    draft: Draft;
    step: StepId;
    /** The field whose value makes the notice appear; null: the notices of the whole step. */
    of: string | null;
    problems: ReadonlyMap<string, string>;
    onEdit: (path: string, value: Raw) => void;
}

/** What this host makes necessary to say, and what the user must confirm having read. */
export function StepNotices({ draft, step, of, problems, onEdit }: StepNoticesProps) {
    return noticesOf(draft, step).filter(({ when }) => (when?.path ?? null) === of).map(({ id, severity, message, confirm }) => {
        const field = confirm === null ? undefined : fieldsOf(draft).find(candidate => candidate.path === confirm);
        const problem = confirm === null || !draft.left.has(step) ? undefined : problems.get(confirm);
        return (
            <Notice key={id} variant={severity} title={text(message)} data-notice={id}>
                {confirm !== null && (
                    <>
                        <Checkbox id={fieldId(confirm)} data-field={confirm} isRequired
                                  label={_(field?.title ?? confirm)} {...(field && { description: _(field.help) })}
                                  isChecked={draft.raw[confirm] === true} isValid={problem === undefined}
                                  aria-describedby={`${fieldId(confirm)}-help`}
                                  onChange={(_event, checked) => onEdit(confirm, checked)} />
                        <FormHelperText>
                            <HelperText id={`${fieldId(confirm)}-help`} aria-live="polite">
                                {problem !== undefined &&
                                    <Hint variant="error" problem={confirm}>{problem}</Hint>}
                            </HelperText>
                        </FormHelperText>
                    </>
                )}
            </Notice>
        );
    });
}
