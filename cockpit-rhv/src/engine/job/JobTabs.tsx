// SPDX-License-Identifier: Apache-2.0
import { useCallback, useState } from "react";

import { TextStream } from "../../common/TextStream";
import { _ } from "../../i18n";
import { useCall, usePrivileged, useTopicValue } from "../../rpc/hooks";
import { Tab, TabTitleText, Tabs } from "./pf";
import { LimitedAccess } from "../../common/LimitedAccess";
import { EventLog } from "./EventLog";
import type { Event } from "./events";

interface JobTabsProps {
    id: string;
    events: Record<string, Event>;
    running: boolean;
}

function Serial({ uuid, running }: { uuid: string; running: boolean }) {
    const call = useCall();
    const read = useCallback((offset: number) => call("machines.serial_log", { uuid, offset }), [call, uuid]);
    return (
        <TextStream label={_("Serial console of the engine VM")} read={read} growing={running}
                    empty={_("The engine VM has not written anything yet.")} />
    );
}

function Output({ id, running }: { id: string; running: boolean }) {
    const call = useCall();
    const read = useCallback((offset: number) => call("jobs.output", { job: id, offset }), [call, id]);
    return (
        <TextStream label={_("Raw output of Ansible")} read={read} growing={running}
                    empty={_("Ansible has not written anything yet.")} />
    );
}

/** The log for people; the machine's own words one click away. */
export function JobTabs({ id, events, running }: JobTabsProps) {
    const [tab, setTab] = useState<string | number>("log");
    const privileged = usePrivileged();
    const uuid = useTopicValue("engine")?.uuid;
    const needsAccess = <LimitedAccess>{_("Only the administrator of this host may read this.")}</LimitedAccess>;
    return (
        <Tabs activeKey={tab} onSelect={(_event, key) => setTab(key)} mountOnEnter unmountOnExit aria-label={_("Log")}>
            <Tab eventKey="log" title={<TabTitleText>{_("Log")}</TabTitleText>} data-tab="log">
                <EventLog events={events} />
            </Tab>
            {uuid !== undefined && (
                <Tab eventKey="serial" title={<TabTitleText>{_("Serial console")}</TabTitleText>} data-tab="serial">
                    <div className="rhv-tab">
                        {privileged ? <Serial uuid={uuid} running={running} /> : needsAccess}
                    </div>
                </Tab>
            )}
            <Tab eventKey="output" title={<TabTitleText>{_("Raw output")}</TabTitleText>} data-tab="output">
                <div className="rhv-tab">
                    {privileged ? <Output id={id} running={running} /> : needsAccess}
                </div>
            </Tab>
        </Tabs>
    );
}
