// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";
import { Notice } from "./Notice";

import { _ } from "../i18n";
import { useConnection } from "../rpc/hooks";

/** Says what limited access means here, and where Cockpit turns it off. */
export function LimitedAccess({ children }: { children: ReactNode }) {
    const connection = useConnection();
    if (connection.state !== "connected" || connection.hello.privileged)
        return null;
    return (
        <Notice variant="info" title={_("You have limited access")} id="limited-access">
            {children}
            {" "}
            {_("Choose “Limited access” at the top of this window to turn on administrative access; this page follows without a reload.")}
        </Notice>
    );
}
