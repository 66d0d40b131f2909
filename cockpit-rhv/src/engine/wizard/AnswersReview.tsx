// SPDX-License-Identifier: Apache-2.0
import { download } from "../../common/download";
import { answersOf, fieldsOf, isShown, origin, sectionsOf, stepOf, type Draft, type Origin } from "../../form/draft";
import { STEP_IDS, optionText, type StepId } from "../../form/layout";
import { fromRaw } from "../../form/raw";
import type { Field } from "../../form/schema";
import { _ } from "../../i18n";
import { Button, Title } from "../../pf";
import { Label } from "./pf";

interface AnswersReviewProps {
    draft: Draft;
    problems: ReadonlyMap<string, string>;
    stepTitle: (step: StepId) => string;
    onEditStep: (step: StepId) => void;
}

function originLabel(from: Origin) {
    switch (from) {
    case "typed": return <Label isCompact color="blue" variant="outline">{_("Entered")}</Label>;
    case "detected": return <Label isCompact color="teal" variant="outline">{_("Detected")}</Label>;
    case "default": return <Label isCompact variant="outline">{_("Default")}</Label>;
    }
}

function display(draft: Draft, field: Field): string {
    const value = fromRaw(field.schema, draft.raw[field.path] ?? "");
    if (value === undefined)
        return _("Not set");
    if (typeof value === "boolean")
        return value ? _("Yes") : _("No");
    if (Array.isArray(value))
        return value.join(", ");
    return field.schema.enum ? optionText(field.path, String(value)).label : String(value);
}

function Row({ path, title, value, from, problem }: {
    path: string; title: string; value: string; from: Origin | null; problem: string | undefined;
}) {
    return (
        <div className="rhv-answer" data-answer={path} data-origin={from ?? undefined}>
            <dt>{title}</dt>
            <dd>
                <span className="rhv-answer__value">{value}</span>
                {from && originLabel(from)}
                {problem !== undefined && <span className="rhv-answer__problem">{problem}</span>}
            </dd>
        </div>
    );
}

/** Every answer with where it came from, in the order of the steps. */
export function AnswersReview({ draft, problems, stepTitle, onEditStep }: AnswersReviewProps) {
    const confirmed = fieldsOf(draft).filter(({ path, schema }) => schema.type === "boolean" && draft.raw[path] === true);
    const save = () => download("engine-answers.json", JSON.stringify(answersOf(draft), null, 2) + "\n", "application/json");
    return (
        <>
            {STEP_IDS.map(step => {
                const fields = sectionsOf(draft, step).flatMap(section => section.fields)
                    .filter(({ path }) => isShown(draft, path))
                    .filter(({ path, required }) => required || draft.raw[path] !== "" || problems.has(path));
                const own = confirmed.filter(({ path }) => stepOf(draft, path) === step);
                return (
                    <section key={step} aria-labelledby={`review-${step}`}>
                        <div className="rhv-section-head">
                            <Title headingLevel="h3" size="lg" id={`review-${step}`}>{stepTitle(step)}</Title>
                            <Button variant="link" isInline onClick={() => onEditStep(step)}
                                    aria-label={_("Change: {step}", { step: stepTitle(step) })}>{_("Change")}</Button>
                        </div>
                        <dl className="rhv-answers">
                            {[...fields, ...own].map(field => (
                                <Row key={field.path} path={field.path} title={_(field.title)} value={display(draft, field)}
                                     from={draft.raw[field.path] === "" ? null : origin(draft, field.path)}
                                     problem={problems.get(field.path)} />
                            ))}
                            {step === "engine" && (
                                <Row path="secrets.admin_password" title={_("Administrator's password")} from={draft.secrets.admin_password.value === "" ? null : "typed"}
                                     value={draft.secrets.admin_password.value === "" ? _("Not set") : "••••••••"}
                                     problem={problems.get("secrets.admin_password")} />
                            )}
                            {step === "engine" && draft.secrets.root_password.value !== "" && (
                                <Row path="secrets.root_password" title={_("Root's password in the engine VM")} from="typed"
                                     value="••••••••" problem={problems.get("secrets.root_password")} />
                            )}
                        </dl>
                    </section>
                );
            })}
            <p className="rhv-muted">
                {_("The same deployment from a shell: save these answers, without passwords, and run cockpit-rhv deploy.")}
                {" "}
                <Button variant="link" isInline onClick={save}>{_("Save the answers")}</Button>
            </p>
        </>
    );
}
