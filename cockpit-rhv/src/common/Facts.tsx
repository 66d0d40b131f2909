// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";

import { DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm } from "../pf";

export interface Fact {
    /** Stable name for tests. */
    id: string;
    term: ReactNode;
    value: ReactNode;
}

export function Facts({ facts, columns = false }: { facts: readonly Fact[]; columns?: boolean }) {
    return (
        <DescriptionList isCompact {...(columns && { columnModifier: { default: "1Col", md: "2Col" } })}
                         {...(!columns && { isHorizontal: true, horizontalTermWidthModifier: { default: "14ch" } })}>
            {facts.map(({ id, term, value }) => (
                <DescriptionListGroup key={id} data-fact={id}>
                    <DescriptionListTerm>{term}</DescriptionListTerm>
                    <DescriptionListDescription>{value}</DescriptionListDescription>
                </DescriptionListGroup>
            ))}
        </DescriptionList>
    );
}
