// SPDX-License-Identifier: Apache-2.0
import type { ComponentType } from "react";
import { BellIcon } from "@patternfly/react-icons/dist/esm/icons/bell-icon.js";
import { ExclamationCircleIcon } from "@patternfly/react-icons/dist/esm/icons/exclamation-circle-icon.js";
import { ExclamationTriangleIcon } from "@patternfly/react-icons/dist/esm/icons/exclamation-triangle-icon.js";
import { InfoCircleIcon } from "@patternfly/react-icons/dist/esm/icons/info-circle-icon.js";
import { text } from "../../i18n";
import type { EngineEvent, Severity } from "../data/model";
import { ago, moment, useNow } from "../time";
import { severityWord } from "../words";

const ICONS: Record<Severity, ComponentType> = {
    normal: InfoCircleIcon,
    warning: ExclamationTriangleIcon,
    error: ExclamationCircleIcon,
    alert: BellIcon,
};

export function EventList({ events, label }: { events: readonly EngineEvent[]; label: string }) {
    const now = useNow();
    return (
        <ul className="rhv-events" aria-label={label}>
            {events.map(({ id, severity, message, time }) => {
                const Icon = ICONS[severity];
                return (
                    <li key={id} className={`rhv-event rhv-m-${severity}`} data-row={id}>
                        <span className="rhv-event__icon" title={severityWord(severity)}>
                            <Icon /><span className="rhv-sr">{severityWord(severity)}</span>
                        </span>
                        <span className="rhv-event__text">{text(message)}</span>
                        {time !== null && (
                            <time className="rhv-event__time rhv-muted" dateTime={new Date(time).toISOString()} title={moment(time)}>
                                {ago(time, now)}
                            </time>
                        )}
                    </li>
                );
            })}
        </ul>
    );
}
