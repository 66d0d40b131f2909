// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";
import {
    DescriptionList, DescriptionListDescription, DescriptionListGroup, DescriptionListTerm,
} from "@patternfly/react-core/dist/esm/components/DescriptionList/index.js";

export interface Fact {
    term: string;
    /** Left out when there is nothing to say. */
    value: ReactNode;
}

interface Props {
    facts: readonly Fact[];
    /** The term above its value, for a narrow place. */
    stacked?: boolean;
}

export function Facts({ facts, stacked = false }: Props) {
    return (
        <DescriptionList isHorizontal={!stacked} isCompact className="rhv-facts">
            {facts.filter(({ value }) => value !== null && value !== "").map(({ term, value }) => (
                <DescriptionListGroup key={term}>
                    <DescriptionListTerm>{term}</DescriptionListTerm>
                    <DescriptionListDescription>{value}</DescriptionListDescription>
                </DescriptionListGroup>
            ))}
        </DescriptionList>
    );
}
