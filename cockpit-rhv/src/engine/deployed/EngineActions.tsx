// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";
import EllipsisVIcon from "@patternfly/react-icons/dist/esm/icons/ellipsis-v-icon.js";
import ExternalLinkAltIcon from "@patternfly/react-icons/dist/esm/icons/external-link-alt-icon.js";

import type { EngineConfig, RhvError } from "../../generated/wire";
import { _ } from "../../i18n";
import { useCall, usePrivileged } from "../../rpc/hooks";
import type { Live } from "../../rpc/merge";
import { asError } from "../../rpc/topics";
import { Button } from "../../pf";
import CleanupDialog from "../cleanup/CleanupDialog";
import { Dropdown, DropdownItem, DropdownList, MenuToggle } from "./pf";
import { PowerOffDialog } from "./PowerOffDialog";
import { ShutdownDialog } from "./ShutdownDialog";

interface EngineActionsProps {
    config: Live<EngineConfig>;
    uuid: string;
    off: boolean;
    onError: (error: RhvError | null) => void;
}

type Dialog = "shutdown" | "power_off" | "remove" | null;

function More({ off, privileged, onPowerOff, onRemove }: { off: boolean; privileged: boolean; onPowerOff: () => void; onRemove: () => void }) {
    const [open, setOpen] = useState(false);
    return (
        <Dropdown isOpen={open} onSelect={() => setOpen(false)} onOpenChange={setOpen} popperProps={{ position: "right" }}
                  toggle={ref => (
                      <MenuToggle ref={ref} variant="plain" id="engine-more" isExpanded={open} onClick={() => setOpen(!open)}
                                  aria-label={_("More actions")} icon={<EllipsisVIcon />} />
                  )}>
            <DropdownList>
                <DropdownItem onClick={onPowerOff} isDisabled={off || !privileged} isDanger id="engine-power-off">
                    {_("Power off")}
                </DropdownItem>
                <DropdownItem onClick={onRemove} isDisabled={!privileged} isDanger id="engine-remove"
                              description={_("Shows first what would be removed")}>
                    {_("Remove the engine")}
                </DropdownItem>
            </DropdownList>
        </Dropdown>
    );
}

export function EngineActions({ config, uuid, off, onError }: EngineActionsProps) {
    const call = useCall();
    const privileged = usePrivileged();
    const [dialog, setDialog] = useState<Dialog>(null);
    const [starting, setStarting] = useState(false);
    const failed = (reason: unknown) => onError(asError(reason).error);

    const start = () => {
        setStarting(true);
        onError(null);
        call("machines.start", { uuid }).catch(failed).finally(() => setStarting(false));
    };

    return (
        <>
            {!off && (
                <Button component="a" href={config.url} target="_blank" rel="noreferrer" id="engine-portal"
                        icon={<ExternalLinkAltIcon />} iconPosition="end">
                    {_("Open the portal")}
                </Button>
            )}
            {off
                ? (
                    <Button onClick={start} isLoading={starting} spinnerAriaValueText={_("Running")} id="engine-start"
                            isDisabled={starting || !privileged}>
                        {_("Start")}
                    </Button>
                )
                : (
                    <Button variant="secondary" onClick={() => setDialog("shutdown")} isDisabled={!privileged} id="engine-shutdown">
                        {_("Shut down")}
                    </Button>
                )}
            <More off={off} privileged={privileged} onPowerOff={() => setDialog("power_off")} onRemove={() => setDialog("remove")} />
            {dialog === "shutdown" && <ShutdownDialog uuid={uuid} onClose={() => setDialog(null)} />}
            {dialog === "remove" && <CleanupDialog engine onClose={() => setDialog(null)} />}
            {dialog === "power_off" && <PowerOffDialog uuid={uuid} onClose={() => setDialog(null)} />}
        </>
    );
}
