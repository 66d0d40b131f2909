// SPDX-License-Identifier: Apache-2.0
import { download } from "../../common/download";
import { answersOf, fieldsOf, isShown, origin, sectionsOf, stepOf, type Draft, type Origin, type SecretName } from "../../form/draft";
import { STEP_IDS, type StepId } from "../../form/layout";
import { fromRaw } from "../../form/raw";
import { _ } from "../../i18n";
import { Button, Title } from "../../pf";
import { Label } from "./pf";
import { displayed } from "./displayed";
import { stepTitle } from "./steps";

interface AnswersReviewProps {
    draft: Draft;
    problems: ReadonlyMap<string, string>;
    onEditStep: (step: StepId) => void;
}

function originLabel(from: Origin) {
    switch (from) {
    case "typed": return <Label isCompact color="blue" variant="outline">{_("Entered")}</Label>;
    case "detected": return <Label isCompact color="teal" variant="outline">{_("Detected")}</Label>;
    case "imported": return <Label isCompact color="purple" variant="outline">{_("Imported")}</Label>;
    case "before": return <Label isCompact variant="outline">{_("As before")}</Label>;
    case "default": return <Label isCompact variant="outline">{_("Default")}</Label>;
    }
}

/** A password is never shown; that there is one is. */
function passwordRow(draft: Draft, name: SecretName): { value: string; from: Origin | null } {
    if (draft.secrets[name].value !== "")
        return { value: "••••••••", from: "typed" };
    return draft.begun ? { value: _("The one given before"), from: "before" } : { value: _("Not set"), from: null };
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
export function AnswersReview({ draft, problems, onEditStep }: AnswersReviewProps) {
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
                                <Row key={field.path} path={field.path} title={_(field.title)}
                                     value={displayed(field, fromRaw(field.schema, draft.raw[field.path] ?? ""))}
                                     from={draft.raw[field.path] === "" ? null : origin(draft, field.path)}
                                     problem={problems.get(field.path)} />
                            ))}
                            {step === "engine" && (
                                <Row path="secrets.admin_password" title={_("Administrator's password")} {...passwordRow(draft, "admin_password")}
                                     problem={problems.get("secrets.admin_password")} />
                            )}
                            {step === "engine" && draft.secrets.root_password.value !== "" && (
                                <Row path="secrets.root_password" title={_("Root's password in the engine VM")} {...passwordRow(draft, "root_password")}
                                     problem={problems.get("secrets.root_password")} />
                            )}
                        </dl>
                    </section>
                );
            })}
            <p className="rhv-muted">
                {_("The same deployment from a shell: save these answers, without passwords, and run cockpit-rhv deploy.")}
                {" "}
                <Button variant="link" isInline onClick={save} id="save-answers">{_("Save the answers")}</Button>
            </p>
        </>
    );
}
