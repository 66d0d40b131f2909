// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";

import { DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm } from "../pf";

export interface Fact {
    /** Stable name for tests. */
    id: string;
    term: ReactNode;
    value: ReactNode;
}

/** Terms and values; on a phone the terms stand above. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
    return (
        <DescriptionList isCompact orientation={{ sm: "horizontal" }}
                         horizontalTermWidthModifier={{ default: "14ch" }}>
            {facts.map(({ id, term, value }) => (
                <DescriptionListGroup key={id} data-fact={id}>
                    <DescriptionListTerm>{term}</DescriptionListTerm>
                    <DescriptionListDescription>{value}</DescriptionListDescription>
                </DescriptionListGroup>
            ))}
        </DescriptionList>
    );
}
