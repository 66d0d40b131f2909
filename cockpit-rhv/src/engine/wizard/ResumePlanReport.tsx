// SPDX-License-Identifier: Apache-2.0
import { ErrorAlert } from "../../common/ErrorAlert";
import { Notice } from "../../common/Notice";
import { Status } from "../../common/Status";
import { fieldsOf, secretsOf, type Draft } from "../../form/draft";
import type { Value } from "../../form/raw";
import type { ResumePlan } from "../../generated/wire";
import { _, text } from "../../i18n";
import { Skeleton, Title } from "../../pf";
import { displayed } from "./displayed";
import type { Plan } from "./useResumePlan";

function Change({ path, title, old, now }: { path: string; title: string; old: string; now: string }) {
    return (
        <div className="rhv-answer" data-change={path}>
            <dt>{title}</dt>
            <dd>
                <del className="rhv-muted">{old}</del>
                <span aria-hidden>→</span>
                <ins>{now}</ins>
            </dd>
        </div>
    );
}

function Changes({ draft, plan }: { draft: Draft; plan: ResumePlan }) {
    const fields = new Map(fieldsOf(draft).map(field => [field.path, field]));
    const secrets = secretsOf(draft);
    const word = (path: string, value: unknown) => {
        const field = fields.get(path);
        if (field)
            return displayed(field, (value ?? undefined) as Value | undefined);
        return value === undefined || value === null ? _("Not set") : JSON.stringify(value);
    };
    if (plan.changes.length === 0 && Object.keys(secrets).length === 0)
        return <p>{_("No answer is changed: the deployment goes on as it was.")}</p>;
    return (
        <dl className="rhv-answers">
            {plan.changes.map(({ path, old, new: now }) => (
                <Change key={path} path={path} title={_(fields.get(path)?.title ?? path)} old={word(path, old)} now={word(path, now)} />
            ))}
            {secrets.admin_password !== undefined && (
                <Change path="secrets.admin_password" title={_("Administrator's password")} old={_("The one given before")} now="••••••••" />
            )}
            {secrets.root_password !== undefined && (
                <Change path="secrets.root_password" title={_("Root's password in the engine VM")} old={_("As before")} now="••••••••" />
            )}
        </dl>
    );
}

function PhaseFate({ plan, id }: { plan: ResumePlan; id: string }) {
    if (plan.again.includes(id))
        return <span>{_("Runs again")}</span>;
    return plan.phases.includes(id)
        ? <span className="rhv-muted">{_("Runs")}</span>
        : <Status tone="good">{_("Done, stays as it is")}</Status>;
}

/** What resuming with these answers would do: changed values, what is thrown away, which phases run. */
export function ResumePlanReport({ draft, plan }: { draft: Draft; plan: Plan }) {
    return (
        <section aria-labelledby="plan-title" data-plan={plan.state} className="rhv-stack">
            <Title headingLevel="h3" size="lg" id="plan-title">{_("What will happen")}</Title>
            {plan.state === "running" && <Skeleton screenreaderText={_("The plan is being made")} width="60%" />}
            {plan.state === "failed" && <ErrorAlert error={plan.error} title={_("The plan could not be made")} />}
            {plan.state === "done" && plan.result.errors.length > 0 && <p>{_("Mend the marked answers first.")}</p>}
            {plan.state === "done" && plan.result.errors.length === 0 && (
                <>
                    <Changes draft={draft} plan={plan.result} />
                    {plan.result.discards && <Notice variant="warning" id="plan-discards" title={text(plan.result.discards)} />}
                    <ol className="rhv-plan" aria-label={_("Phases")}>
                        {draft.form.phases.map(({ id, title }) => (
                            <li key={id} data-phase={id} data-runs={plan.result.phases.includes(id)}>
                                <span>{text(title)}</span>
                                <PhaseFate plan={plan.result} id={id} />
                            </li>
                        ))}
                    </ol>
                </>
            )}
        </section>
    );
}
