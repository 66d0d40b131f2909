// SPDX-License-Identifier: Apache-2.0
import { memo } from "react";

import { FROM_LOGS, href } from "../app/route";
import { ToneIcon } from "../common/Status";
import { preciseTime } from "../format";
import type { Event } from "../generated/wire";
import { _, text } from "../i18n";
import { severityWord, subject, tone } from "./words";

function Subject({ event }: { event: Event }) {
    const words = subject(event);
    if (event.kind === "guest" && event.name !== null)
        return <a href={href({ page: "guests", query: { search: event.uuid ?? event.name } })}>{words}</a>;
    if (event.job !== null)
        return <a href={href({ page: "job", id: event.job, from: FROM_LOGS })}>{words}</a>;
    return <>{words}</>;
}

const Row = memo(function Row({ event }: { event: Event }) {
    const mark = tone(event);
    return (
        <tr data-event={event.seq} data-kind={event.kind} data-severity={event.severity}>
            <td className="rhv-events__time">{preciseTime(event.time_s)}</td>
            <td className="rhv-events__subject"><Subject event={event} /></td>
            <td className="rhv-events__what">
                <span className="rhv-events__mark">{mark && <ToneIcon tone={mark} />}</span>
                <span>
                    {event.severity !== "info" && <span className="pf-v6-screen-reader">{severityWord(event.severity)}: </span>}
                    {text(event.message)}
                    {event.user !== null && event.user !== "" && <span className="rhv-muted"> {_("by {user}", { user: event.user })}</span>}
                    {event.source === "log" && <span className="rhv-muted"> {_("(from QEMU's log)")}</span>}
                </span>
            </td>
        </tr>
    );
});

export function EventRows({ events }: { events: readonly Event[] }) {
    return (
        <table className="rhv-events" aria-label={_("Events")}>
            <thead>
                <tr>
                    <th scope="col" className="rhv-events__time">{_("Time")}</th>
                    <th scope="col" className="rhv-events__subject">{_("Guest or job")}</th>
                    <th scope="col">{_("What happened")}</th>
                </tr>
            </thead>
            <tbody>{events.map(event => <Row key={event.seq} event={event} />)}</tbody>
        </table>
    );
}
