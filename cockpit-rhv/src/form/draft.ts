// SPDX-License-Identifier: Apache-2.0
// What the user has entered so far. Pure functions over one immutable value: it survives a lost helper, a change of
// privileges and leaving the wizard, and it is never stored outside of memory, for it holds passwords.
import { SECRET_LIMITS } from "../generated/limits";
import type { Choice, DeployForm, FieldError, Notice } from "../generated/wire";
import { _ } from "../i18n";
import { STEP_IDS, STEP_SECTIONS, ruleFor, type StepId } from "./layout";
import { fromRaw, toRaw, type Raw } from "./raw";
import { readSchema, type Field, type FormSchema } from "./schema";
import { checkField } from "./validate";

export type SecretName = keyof typeof SECRET_LIMITS;

export interface Secret {
    value: string;
    repeated: string;
}

export interface Draft {
    readonly form: DeployForm;
    readonly schema: FormSchema;
    readonly raw: Readonly<Record<string, Raw>>;
    /** Paths the user has changed. */
    readonly typed: ReadonlySet<string>;
    /** The answers file that was loaded, which of the answers come from it, and what is wrong with it. */
    readonly file: AnswersFile | null;
    /** The answers belong to a deployment that has begun: it has its passwords, and its answers are the given ones. */
    readonly begun: boolean;
    readonly secrets: Readonly<Record<SecretName, Secret>>;
    /** Steps that were left: from then on their empty required fields are marked. */
    readonly left: ReadonlySet<StepId>;
}

export interface AnswersFile {
    readonly name: string;
    readonly paths: ReadonlySet<string>;
    readonly errors: readonly FieldError[];
}

export type Origin = "default" | "detected" | "typed" | "imported" | "before";

const EMPTY: Secret = { value: "", repeated: "" };

/** The value at a dotted path; undefined where there is none. */
export function at(document: object, path: string): unknown {
    return path.split(".").reduce<unknown>(
        (value, key) => (typeof value === "object" && value !== null ? (value as Record<string, unknown>)[key] : undefined),
        document);
}

export function fieldsOf(draft: Draft): Field[] {
    return draft.schema.sections.flatMap(section => section.fields);
}

/** A new draft, or the old one over a newly read form: what was typed stays, the rest follows the host. */
export function draftFrom(form: DeployForm, old: Draft | null): Draft {
    const schema = readSchema(form.schema);
    const raw: Record<string, Raw> = {};
    for (const { path, schema: field } of schema.sections.flatMap(section => section.fields)) {
        const kept = old?.typed.has(path) ? old.raw[path] : undefined;
        raw[path] = kept ?? toRaw(at(form.values, path) ?? (field.type === "boolean" ? false : ""));
    }
    const draft: Draft = {
        form,
        schema,
        raw,
        typed: old?.typed ?? new Set(),
        file: old?.file ?? null,
        begun: false,
        secrets: old?.secrets ?? { admin_password: EMPTY, root_password: EMPTY },
        left: old?.left ?? new Set(),
    };
    return followTyped(draft);
}

/** The draft of other answers for a deployment that has begun with `answers`. */
export function begunDraft(form: DeployForm, answers: object, old: Draft | null): Draft {
    return { ...draftFrom({ ...form, values: answers, origins: {} }, old), begun: true };
}

/**
 * The draft with a file's answers in place of its own. What a file leaves out is left out, so that saved answers come
 * back as they were; only what has a default, or must be there, keeps what the form says.
 */
export function loadAnswers(draft: Draft, name: string, answers: object, errors: readonly FieldError[]): Draft {
    const raw: Record<string, Raw> = {};
    const paths = new Set<string>();
    const empty: string[] = [];
    for (const { path, required, schema } of fieldsOf(draft)) {
        const value = at(answers, path);
        if (value !== undefined) {
            raw[path] = toRaw(value);
            paths.add(path);
        } else if (required || schema.default !== undefined) {
            raw[path] = toRaw(at(draft.form.values, path) ?? "");
        } else {
            raw[path] = "";
            // That it is empty was chosen, too: a form read anew must not fill it in again.
            empty.push(path);
        }
    }
    return { ...draft, raw, typed: new Set([...paths, ...empty]), file: { name, paths, errors } };
}

export function choicesFor(draft: Draft, path: string): Choice[] {
    return (draft.form.choices[path] ?? []).filter(({ when }) => !when || fromField(draft, when.path) === when.equals);
}

function fromField(draft: Draft, path: string): unknown {
    const field = fieldsOf(draft).find(candidate => candidate.path === path);
    return field && fromRaw(field.schema, draft.raw[path] ?? "");
}

export function edit(draft: Draft, path: string, value: Raw): Draft {
    const next: Draft = {
        ...draft,
        raw: { ...draft.raw, [path]: value },
        typed: new Set([...draft.typed, path]),
        file: draft.file && { ...draft.file, paths: new Set([...draft.file.paths].filter(other => other !== path)) },
    };
    return { ...next, raw: { ...next.raw, ...followers(next, path) } };
}

/** Fields whose choices depend on the one just changed move to the first choice that now fits. */
function followers(draft: Draft, changed: string): Record<string, Raw> {
    const moved: Record<string, Raw> = {};
    for (const [path, choices] of Object.entries(draft.form.choices)) {
        if (path === changed || !choices.some(choice => choice.when?.path === changed))
            continue;
        const fitting = choicesFor(draft, path);
        if (!fitting.some(choice => choice.value === draft.raw[path]))
            moved[path] = fitting[0]?.value ?? "";
    }
    return moved;
}

/** What followed a typed answer follows it in a form read anew, too. */
function followTyped(draft: Draft): Draft {
    const raw = { ...draft.raw };
    for (const changed of draft.typed) {
        for (const [path, value] of Object.entries(followers({ ...draft, raw }, changed))) {
            if (!draft.typed.has(path))
                raw[path] = value;
        }
    }
    return { ...draft, raw };
}

export function editSecret(draft: Draft, name: SecretName, secret: Secret): Draft {
    return { ...draft, secrets: { ...draft.secrets, [name]: secret } };
}

export function leave(draft: Draft, step: StepId): Draft {
    return draft.left.has(step) ? draft : { ...draft, left: new Set([...draft.left, step]) };
}

export function isShown(draft: Draft, path: string): boolean {
    return ruleFor(path).shown?.(other => draft.raw[other]) ?? true;
}

function isRequired(draft: Draft, field: Field): boolean {
    return field.required || (ruleFor(field.path).required?.(other => draft.raw[other]) ?? false);
}

export function origin(draft: Draft, path: string): Origin {
    if (draft.file?.paths.has(path))
        return "imported";
    if (draft.typed.has(path) && draft.raw[path] !== toRaw(at(draft.form.values, path) ?? ""))
        return "typed";
    return draft.begun ? "before" : draft.form.origins[path] ?? "default";
}

/** The sections of a step; sections this page has never heard of stand in the last one. */
export function sectionsOf(draft: Draft, step: StepId) {
    const named = new Set(Object.values(STEP_SECTIONS).flat());
    return draft.schema.sections.filter(({ id }) => STEP_SECTIONS[step].includes(id)
        || (step === STEP_IDS.at(-1) && !named.has(id) && !isConfirmation(draft, id)));
}

/** Sections made of confirmations only are drawn as the notices that ask for them. */
function isConfirmation(draft: Draft, section: string): boolean {
    return draft.form.notices.some(notice => notice.confirm?.startsWith(`${section}.`)) || section === "accept";
}

export function noticesOf(draft: Draft, step: StepId): Notice[] {
    return draft.form.notices.filter(notice => {
        const home = STEP_IDS.find(id => id === notice.step || STEP_SECTIONS[id].includes(notice.step)) ?? "engine";
        return home === step && (!notice.when || fromField(draft, notice.when.path) === notice.when.equals);
    });
}

/** The answers document: what is shown and not empty. */
export function answersOf(draft: Draft): Record<string, unknown> {
    const answers: Record<string, unknown> = { ...draft.schema.constants };
    for (const section of draft.schema.sections) {
        const values: Record<string, unknown> = {};
        for (const { path, schema } of section.fields) {
            const value = isShown(draft, path) ? fromRaw(schema, draft.raw[path] ?? "") : undefined;
            if (value !== undefined && !Number.isNaN(value))
                values[path.slice(section.id.length + 1)] = value;
        }
        if (Object.keys(values).length > 0)
            answers[section.id] = values;
    }
    return answers;
}

/** The secrets that were entered. */
export function secretsOf({ secrets }: Draft): Partial<Record<SecretName, string>> {
    const { admin_password: admin, root_password: root } = secrets;
    return { ...(admin.value !== "" && { admin_password: admin.value }), ...(root.value !== "" && { root_password: root.value }) };
}

export function isSecretRequired(draft: Draft, name: SecretName): boolean {
    return name === "admin_password" && !draft.begun;
}

export function secretProblem(name: SecretName, { value, repeated }: Secret, required: boolean): { value?: string; repeated?: string } {
    // Not JSON Schema's own: the helper answers with the rule's sentence, not with the schema's (deploy/secrets.py).
    const { "x-min": min, "x-max": max } = SECRET_LIMITS[name];
    if (value === "")
        return required ? { value: _("Enter a password.") } : {};
    if (value.length < min)
        return { value: _("Enter at least {count} characters.", { count: min }) };
    if (value.length > max)
        return { value: _("Enter at most {count} characters.", { count: max }) };
    return value === repeated ? {} : { repeated: _("The two passwords differ.") };
}

/** Every problem this page can see, by path; secrets stand under `secrets.<name>`. */
export function problemsOf(draft: Draft): Map<string, string> {
    const problems = new Map<string, string>();
    for (const field of fieldsOf(draft)) {
        if (!isShown(draft, field.path))
            continue;
        const problem = checkField(field, draft.raw[field.path] ?? "", isRequired(draft, field),
                                   ruleFor(field.path).pattern?.());
        if (problem !== null)
            problems.set(field.path, problem);
    }
    for (const notice of STEP_IDS.flatMap(step => noticesOf(draft, step))) {
        if (notice.confirm !== null && draft.raw[notice.confirm] !== true)
            problems.set(notice.confirm, _("Confirm this to go on."));
    }
    for (const name of ["admin_password", "root_password"] as const) {
        const { value, repeated } = secretProblem(name, draft.secrets[name], isSecretRequired(draft, name));
        const problem = value ?? repeated;
        if (problem !== undefined)
            problems.set(`secrets.${name}`, problem);
    }
    return problems;
}

/** Where a path is edited. */
export function stepOf(draft: Draft, path: string): StepId {
    if (path.startsWith("secrets."))
        return "engine";
    return STEP_IDS.find(step => noticesOf(draft, step).some(notice => notice.confirm === path))
        ?? STEP_IDS.find(step => sectionsOf(draft, step).some(section => path.startsWith(`${section.id}.`)))
        ?? "engine";
}
