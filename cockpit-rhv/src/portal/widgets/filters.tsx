// SPDX-License-Identifier: Apache-2.0
// Search and filters, kept in the URL so that a view can be sent to a colleague.
import { useEffect, useState } from "react";
import { Button } from "@patternfly/react-core/dist/esm/components/Button/index.js";
import { FormSelect, FormSelectOption } from "@patternfly/react-core/dist/esm/components/FormSelect/index.js";
import { SearchInput } from "@patternfly/react-core/dist/esm/components/SearchInput/index.js";
import { _ } from "../../i18n";
import { setParam } from "../route";

export interface Choice {
    value: string;
    label: string;
}

interface Filter {
    param: string;
    label: string;
    /** The first choice, which filters nothing. */
    all: string;
    choices: readonly Choice[];
}

interface Props {
    params: URLSearchParams;
    searchLabel: string;
    filters: readonly Filter[];
    /** "3 of 12 guests", said when it changes. */
    result: string;
}

export function clearFilters(params: URLSearchParams): void {
    for (const name of Array.from(params.keys())) setParam(name, "");
}

export function Filters({ params, searchLabel, filters, result }: Props) {
    // A screen reader hears the count when typing pauses, not at each key.
    const [said, setSaid] = useState("");
    useEffect(() => {
        const timer = setTimeout(() => setSaid(result), 700);
        return () => clearTimeout(timer);
    }, [result]);
    const search = params.get("search") ?? "";
    return (
        <div className="rhv-filters" role="search" aria-label={searchLabel}>
            <SearchInput className="rhv-filters__search" aria-label={searchLabel} placeholder={searchLabel} value={search}
                         onChange={(_event, value) => setParam("search", value)} onClear={() => setParam("search", "")}
                         resetButtonLabel={_("Clear the search")} />
            {filters.map(({ param, label, all, choices }) => (
                <FormSelect key={param} className="rhv-filters__select" aria-label={label} value={params.get(param) ?? ""}
                            onChange={(_event, value) => setParam(param, value)}>
                    <FormSelectOption value="" label={all} />
                    {choices.map(({ value, label: text }) => <FormSelectOption key={value} value={value} label={text} />)}
                </FormSelect>
            ))}
            <span className="rhv-filters__result rhv-muted" aria-hidden="true">{result}</span>
            {params.size > 0 && <Button variant="link" isInline onClick={() => clearFilters(params)}>{_("Clear the filters")}</Button>}
            <span className="rhv-sr" role="status">{said}</span>
        </div>
    );
}

/** Every word of the search occurs in one of the texts. */
export function matches(search: string, texts: readonly string[]): boolean {
    const fold = (text: string): string => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
    const hay = fold(texts.join("\n"));
    return fold(search).split(/\s+/).every(word => hay.includes(word));
}
