// SPDX-License-Identifier: Apache-2.0
import { useCallback } from "react";

import { useTyped } from "../guests/useTyped";
import { _ } from "../i18n";
import { Button } from "../pf";
import { FormSelect, FormSelectOption, SearchInput } from "./pf";
import { KINDS, PERIODS, SEVERITIES, isPeriod, type Period, type Wanted } from "./query";
import { kindWord, periodWord, severityChoice } from "./words";

interface EventToolsProps {
    wanted: Wanted;
    /** `typing`: one of many changes in a row. */
    onChange: (wanted: Wanted, typing?: boolean) => void;
}

/** Which events are shown. */
export function EventTools({ wanted, onChange }: EventToolsProps) {
    const [search, setSearch] = useTyped(wanted.text, useCallback(text => onChange({ ...wanted, text }, true), [wanted, onChange]));
    return (
        <div className="rhv-events__tools" role="search">
            <SearchInput value={search} placeholder={_("Guest, job, what happened")} aria-label={_("Search the events")} id="events-search"
                         onChange={(_event, value) => setSearch(value.slice(0, 200))} onClear={() => setSearch("")}
                         resetButtonLabel={_("Clear the search")} />
            <FormSelect value={wanted.since ?? ""} aria-label={_("Period")} id="events-since"
                        onChange={(_event, value) => onChange({ ...wanted, since: isPeriod(value) ? value : null })}>
                <FormSelectOption value="" label={_("At any time")} />
                {(Object.keys(PERIODS) as Period[]).map(period => <FormSelectOption key={period} value={period} label={periodWord(period)} />)}
            </FormSelect>
            <FormSelect value={wanted.kind ?? ""} aria-label={_("Kind")} id="events-kind"
                        onChange={(_event, value) => onChange({ ...wanted, kind: KINDS.find(kind => kind === value) ?? null })}>
                <FormSelectOption value="" label={_("Guests, jobs and host")} />
                {KINDS.map(kind => <FormSelectOption key={kind} value={kind} label={kindWord(kind)} />)}
            </FormSelect>
            <FormSelect value={wanted.severity ?? ""} aria-label={_("Severity")} id="events-severity"
                        onChange={(_event, value) => onChange({ ...wanted, severity: SEVERITIES.find(one => one === value) ?? null })}>
                <FormSelectOption value="" label={_("All severities")} />
                {SEVERITIES.map(severity => <FormSelectOption key={severity} value={severity} label={severityChoice(severity)} />)}
            </FormSelect>
            {wanted.guest !== null && (
                <Button variant="secondary" size="sm" onClick={() => onChange({ ...wanted, guest: null })} id="events-guest">
                    {_("Only {guest}: show all", { guest: wanted.guest })}
                </Button>
            )}
        </div>
    );
}
