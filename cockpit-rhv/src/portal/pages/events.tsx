// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";
import { Button } from "@patternfly/react-core/dist/esm/components/Button/index.js";
import { number } from "../../format";
import { _, plural, text } from "../../i18n";
import type { EngineEvent, Severity } from "../data/model";
import { usePicture } from "../shell/context";
import { EventList } from "../widgets/event-list";
import { clearFilters, Filters, matches } from "../widgets/filters";
import { Empty, WhenLoaded } from "../widgets/notice";
import { PageHeader } from "../widgets/page-header";
import { severityWord } from "../words";

const STEP = 50;
const SEVERITIES: readonly Severity[] = ["alert", "error", "warning", "normal"];

function selected(events: readonly EngineEvent[], params: URLSearchParams): EngineEvent[] {
    const severity = params.get("severity");
    const host = params.get("host");
    const search = params.get("search") ?? "";
    return events.filter(event => (!severity || event.severity === severity)
        && (!host || event.hostId === host)
        && matches(search, [text(event.message), severityWord(event.severity)]));
}

export function Events({ params }: { params: URLSearchParams }) {
    const { events, hosts } = usePicture();
    const [shown, setShown] = useState(STEP);
    const found = selected(events.data ?? [], params);
    return (
        <>
            <PageHeader title={_("Events")}>
                <p>{_("What happened in this Manager, newest first.")}</p>
            </PageHeader>
            <WhenLoaded loaded={events} empty={(
                <Empty title={_("Nothing has happened yet")}>
                    {_("The Manager writes an event when a host or guest changes its state and when somebody logs in.")}
                </Empty>
            )}>
                {all => (
                    <>
                        <Filters params={params} searchLabel={_("Search events")} filters={[
                            {
                                param: "severity", label: _("Severity"), all: _("Every severity"),
                                choices: SEVERITIES.map(value => ({ value, label: severityWord(value) })),
                            },
                            {
                                param: "host", label: _("Host"), all: _("Every host"),
                                choices: (hosts.data ?? []).map(({ id, name }) => ({ value: id, label: name })),
                            },
                        ]} result={found.length === all.length
                            ? plural("{count} event", "{count} events", all.length)
                            : _("{found} of {all} events", { found: number(found.length), all: number(all.length) })} />
                        {found.length === 0
                            ? (
                                <Empty title={_("No event matches")}>
                                    <Button variant="link" onClick={() => clearFilters(params)}>{_("Clear the filters")}</Button>
                                </Empty>
                            )
                            : <div className="rhv-panel"><EventList events={found.slice(0, shown)} label={_("Events")} /></div>}
                        {found.length > shown && (
                            <p className="rhv-more">
                                <Button variant="secondary" onClick={() => setShown(shown + STEP)}>{_("Show older events")}</Button>
                            </p>
                        )}
                    </>
                )}
            </WhenLoaded>
        </>
    );
}
