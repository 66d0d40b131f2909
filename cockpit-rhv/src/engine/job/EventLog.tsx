// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, useRef, useState } from "react";

import { ToneIcon, type Tone } from "../../common/Status";
import { clock, duration } from "../../format";
import { _, plural, text } from "../../i18n";
import { SearchInput, Switch, ToggleGroup, ToggleGroupItem } from "./pf";
import { filterRows, logRows, type Event, type Severity } from "./events";

function tone({ severity, outcome, type }: Event): Tone | null {
    if (severity === "error")
        return "bad";
    if (severity === "warning")
        return "warning";
    if (type === "task_started")
        return "busy";
    return outcome === "ok" || outcome === "changed" ? "good" : null;
}

function severityWord(severity: Severity): string {
    switch (severity) {
    case "info": return _("Information");
    case "warning": return _("Warning");
    case "error": return _("Error");
    }
}

function Row({ event }: { event: Event }) {
    const mark = tone(event);
    const heading = event.type === "phase_started";
    return (
        <li className={heading ? "rhv-log__row rhv-log__row--phase" : "rhv-log__row"} data-severity={event.severity}
            data-event={event.type}>
            <span className="rhv-log__time">{clock(event.elapsed_s)}</span>
            <span className="rhv-log__mark">
                {mark && <ToneIcon tone={mark} />}
                {event.severity !== "info" && <span className="pf-v6-screen-reader">{severityWord(event.severity)}</span>}
            </span>
            <span className="rhv-log__text">{text(event.message)}</span>
            <span className="rhv-log__took">
                {event.duration_s !== undefined && event.duration_s >= 1 && duration(event.duration_s)}
            </span>
        </li>
    );
}

/** Whoever scrolls back wants to read; a line of tolerance for fractions of pixels. */
function atEnd({ scrollTop, clientHeight, scrollHeight }: HTMLElement): boolean {
    return scrollTop + clientHeight > scrollHeight - 24;
}

/** The job's events as they come: filtered, searched, followed. */
export function EventLog({ events }: { events: Record<string, Event> }) {
    const [atLeast, setAtLeast] = useState<Severity>("info");
    const [needle, setNeedle] = useState("");
    const [follow, setFollow] = useState(true);
    const box = useRef<HTMLOListElement>(null);
    const all = useMemo(() => logRows(events), [events]);
    const rows = useMemo(() => filterRows(all, atLeast, needle, event => text(event.message)), [all, atLeast, needle]);

    useEffect(() => {
        if (follow && box.current)
            box.current.scrollTop = box.current.scrollHeight;
    }, [rows, follow]);

    const levels: [Severity, string][] = [["info", _("All")], ["warning", _("Warnings")], ["error", _("Errors")]];
    return (
        <div className="rhv-log">
            <div className="rhv-log__tools">
                <ToggleGroup isCompact aria-label={_("Which events")}>
                    {levels.map(([severity, label]) => (
                        <ToggleGroupItem key={severity} text={label} buttonId={`log-${severity}`} isSelected={atLeast === severity}
                                         onChange={() => setAtLeast(severity)} />
                    ))}
                </ToggleGroup>
                <SearchInput value={needle} placeholder={_("Search the log")} aria-label={_("Search the log")}
                             onChange={(_event, value) => setNeedle(value)} onClear={() => setNeedle("")}
                             resetButtonLabel={_("Clear the search")} />
                <Switch id="log-follow" label={_("Follow")} isChecked={follow} onChange={(_event, checked) => setFollow(checked)} />
            </div>
            <ol className="rhv-log__rows" ref={box} aria-label={_("Events of the job")}
                // The list scrolls, so the keyboard must be able to reach it.
                // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
                tabIndex={0}
                onScroll={event => follow && !atEnd(event.currentTarget) && setFollow(false)}>
                {rows.map(event => <Row key={event.seq} event={event} />)}
            </ol>
            {rows.length === 0 && (
                <p className="rhv-log__empty">
                    {all.length === 0 ? _("Nothing has been reported yet.") : _("No event matches the filter.")}
                </p>
            )}
            <p className="rhv-muted" role="status">
                {rows.length < all.length && plural("{count} event shown", "{count} events shown", rows.length)}
            </p>
        </div>
    );
}
