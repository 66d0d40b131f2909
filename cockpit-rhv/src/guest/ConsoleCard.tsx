// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { href } from "../app/route";
import type { Kind } from "../console/channel";
import { GuestConsole } from "../console/GuestConsole";
import { LOOK_ONLY } from "../console/look-only";
import type { Guest } from "../guests/states";
import { _ } from "../i18n";
import { useMayChange, usePrivileged } from "../rpc/hooks";
import { Button, Card, CardBody, CardTitle } from "../pf";

/**
 * Opened on request: whoever came for a figure need not load a viewer, nor take the serial console from its user.
 */
export function ConsoleCard({ guest }: { guest: Guest }) {
    const [kind, setKind] = useState<Kind | null>(null);
    const privileged = usePrivileged();
    const lookOnly = !useMayChange() && privileged;
    return (
        <Card component="section" aria-labelledby="console-title" data-card="console">
            <CardTitle component="h2" id="console-title">{_("Console")}</CardTitle>
            <CardBody>
                {lookOnly && kind === null && <p className="rhv-muted" id="console-look-only">{LOOK_ONLY()}</p>}
                {kind !== null
                    ? <GuestConsole guest={guest} kind={kind} onKind={setKind} />
                    : (
                        <div className="rhv-guest-page__open-console">
                            <Button variant="secondary" onClick={() => setKind("vnc")} id="show-screen" isDisabled={lookOnly}>{_("Show the screen")}</Button>
                            <Button variant="secondary" onClick={() => setKind("serial")} id="show-serial" isDisabled={lookOnly}>{_("Show the serial console")}</Button>
                            <Button variant="link" component="a" href={href({ page: "console", uuid: guest.uuid, type: "vnc" })}>{_("On a page of its own")}</Button>
                        </div>
                    )}
            </CardBody>
        </Card>
    );
}
