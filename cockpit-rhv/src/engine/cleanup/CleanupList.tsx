// SPDX-License-Identifier: Apache-2.0
import { bytes } from "../../format";
import type { CleanupPlan } from "../../generated/wire";
import { _, text } from "../../i18n";
import { Title } from "../../pf";
import { grouped, kindTitle, totalBytes } from "./groups";

/** Everything a cleanup removes, by kind, and what it leaves alone. */
export function CleanupList({ plan }: { plan: CleanupPlan }) {
    const total = totalBytes(plan.items);
    return (
        <div className="rhv-cleanup">
            {grouped(plan.items).map(({ kind, items }) => (
                <section key={kind} aria-labelledby={`cleanup-${kind}`} data-kind={kind} className="rhv-cleanup__group">
                    <Title headingLevel="h2" size="md" id={`cleanup-${kind}`}>{kindTitle(kind)}</Title>
                    <ul className="rhv-cleanup__items">
                        {items.map(({ id, name, about, size_bytes }) => (
                            <li key={id} data-item={id}>
                                <code>{name}</code>
                                <span className="rhv-cleanup__size">{size_bytes !== null && size_bytes > 0 && bytes(size_bytes)}</span>
                                <span className="rhv-muted">{text(about)}</span>
                            </li>
                        ))}
                    </ul>
                </section>
            ))}
            {total > 0 && <p className="rhv-cleanup__total"><b>{_("Space that becomes free")}</b> <b id="cleanup-total">{bytes(total)}</b></p>}
            {plan.kept.length > 0 && (
                <section aria-labelledby="cleanup-kept" className="rhv-cleanup__kept">
                    <Title headingLevel="h2" size="md" id="cleanup-kept">{_("What stays")}</Title>
                    <ul>{plan.kept.map(message => <li key={message.id + text(message)}>{text(message)}</li>)}</ul>
                </section>
            )}
        </div>
    );
}
