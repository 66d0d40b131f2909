// SPDX-License-Identifier: Apache-2.0
import { useCallback, useMemo, useState } from "react";
import HistoryIcon from "@patternfly/react-icons/dist/esm/icons/history-icon.js";
import SearchIcon from "@patternfly/react-icons/dist/esm/icons/search-icon.js";

import { LoadingCards } from "../app/FirstConnection";
import { amend, go, type Query } from "../app/route";
import { download } from "../common/download";
import { ErrorAlert } from "../common/ErrorAlert";
import { PageFrame } from "../common/PageFrame";
import { Status } from "../common/Status";
import { dateTime } from "../format";
import type { Recording, RhvError } from "../generated/wire";
import { _, plural } from "../i18n";
import { useCall, useTopicValue } from "../rpc/hooks";
import type { Live } from "../rpc/merge";
import { asError } from "../rpc/topics";
import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from "../pf";
import { EventRows } from "./EventRows";
import { EventTools } from "./EventTools";
import { allEvents, toCsv, toJson } from "./export";
import { LogTabs } from "./LogTabs";
import { NOTHING_WANTED, isFiltered, parseQuery, toParams, toQuery, type Wanted } from "./query";
import { useEvents } from "./useEvents";

/** Who records: what is missing from the list has a reason. */
function RecordingState({ recording }: { recording: Recording | Live<Recording> }) {
    if (recording.by === "agent")
        return <Status tone="good">{_("Recorded at all times by this host's agent.")}</Status>;
    if (recording.by === "page" && typeof recording.since_s === "number") {
        return (
            <span className="rhv-muted">
                {_("Recorded while a page is open, now since {time}. Of other times starts and ends of guests come from QEMU's logs, those of jobs from their folders; an enrolled agent records at all times.", { time: dateTime(recording.since_s) })}
            </span>
        );
    }
    return <Status tone="warning">{_("Nothing is recorded now: that needs the host's agent, or this page with administrative access.")}</Status>;
}

function NoEvents() {
    return (
        <EmptyState headingLevel="h2" icon={HistoryIcon} titleText={_("Nothing has happened yet")} data-empty="none">
            <EmptyStateBody>
                {_("Guests that start, end, crash or pause, and jobs of this page, appear here by themselves and are kept across reboots.")}
            </EmptyStateBody>
        </EmptyState>
    );
}

function NothingMatches({ onClear }: { onClear: () => void }) {
    return (
        <EmptyState headingLevel="h2" icon={SearchIcon} titleText={_("No event matches")} data-empty="filtered">
            <EmptyStateBody>{_("The search looks at names, at what happened and at who did it; every word must be found.")}</EmptyStateBody>
            <EmptyStateFooter>
                <EmptyStateActions>
                    <Button variant="link" onClick={onClear} id="clear-filters">{_("Show all events")}</Button>
                </EmptyStateActions>
            </EmptyStateFooter>
        </EmptyState>
    );
}

function Exports({ wanted }: { wanted: Wanted }) {
    const call = useCall();
    const [busy, setBusy] = useState(false);
    const [error, setError] = useState<RhvError | null>(null);
    const save = (kind: "csv" | "json") => {
        setBusy(true);
        setError(null);
        allEvents(call, toParams(wanted, Date.now() / 1000)).then(events => {
            if (kind === "csv")
                download("rhv-events.csv", toCsv(events), "text/csv");
            else
                download("rhv-events.json", toJson(events), "application/json");
        }).catch((reason: unknown) => setError(asError(reason).error)).finally(() => setBusy(false));
    };
    return (
        <>
            <Button variant="secondary" size="sm" onClick={() => save("csv")} isDisabled={busy} id="events-csv">{_("Download as CSV")}</Button>
            <Button variant="secondary" size="sm" onClick={() => save("json")} isDisabled={busy} id="events-json">{_("Download as JSON")}</Button>
            {error && <ErrorAlert error={error} title={_("The events cannot be read")} />}
        </>
    );
}

/** What happened on this host, the newest first, live. */
export default function EventsPage({ query }: { query: Query }) {
    // Equal addresses are the same wish: a new object would ask again.
    const key = JSON.stringify(query);
    const wanted = useMemo(() => parseQuery(JSON.parse(key) as Query), [key]);
    const recording = useTopicValue("events")?.recording;
    const { events, more, empty, error, loading, showMore } = useEvents(wanted);
    const show = useCallback((next: Wanted, typing = false) => {
        const route = { page: "events", query: toQuery(next) } as const;
        if (typing)
            amend(route);
        else
            go(route);
    }, []);

    const state = error && events === null ? "error" : events === null ? "loading" : "ready";
    const nothing = events?.length === 0;
    return (
        <PageFrame page="events" state={state} title={_("Events")}>
            <LogTabs current="events" />
            {recording && <p className="rhv-events__recording" data-recording={recording.by ?? "none"}><RecordingState recording={recording} /></p>}
            {error && <ErrorAlert error={error} title={_("The events cannot be read")} />}
            {!empty && <EventTools wanted={wanted} onChange={show} />}
            {events === null && !error && <LoadingCards />}
            {nothing && (empty || !isFiltered(wanted)
                ? <NoEvents />
                : <NothingMatches onClear={() => show(NOTHING_WANTED)} />)}
            {events !== null && !nothing && <EventRows events={events} />}
            {events !== null && !nothing && (
                <div className="rhv-events__foot">
                    <span className="rhv-muted" role="status">
                        {more
                            ? plural("The newest {count} event", "The newest {count} events", events.length)
                            : plural("{count} event", "{count} events", events.length)}
                    </span>
                    {more && <Button variant="link" onClick={showMore} isLoading={loading} isDisabled={loading} id="events-more">{_("Show older ones")}</Button>}
                    <span className="rhv-events__exports"><Exports wanted={wanted} /></span>
                </div>
            )}
        </PageFrame>
    );
}
