// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { Button } from "../../pf";
import { _ } from "../../i18n";
import { usePrivileged } from "../../rpc/hooks";
import CleanupDialog from "./CleanupDialog";

/** The way to the list of what a cleanup would do, where the engine's settings cannot be read. */
export function CleanUpDamaged() {
    const privileged = usePrivileged();
    const [open, setOpen] = useState(false);
    return (
        <>
            <Button variant="secondary" isDanger onClick={() => setOpen(true)} isDisabled={!privileged} id="clean-up-damaged">
                {_("Clean up")}
            </Button>
            {open && <CleanupDialog engine onClose={() => setOpen(false)} />}
        </>
    );
}
