// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import type { JobStatus } from "../../generated/wire";
import { _ } from "../../i18n";
import { usePrivileged } from "../../rpc/hooks";
import type { Live } from "../../rpc/merge";
import { Button } from "../../pf";
import { CancelDialog } from "./CancelDialog";

/** What can be done with a job while it runs; the rest stands where it says how it ended. */
export function JobActions({ status }: { status: Live<JobStatus> }) {
    const privileged = usePrivileged();
    const [cancelling, setCancelling] = useState(false);
    if (status.state !== "running" && status.state !== "queued")
        return null;
    return (
        <>
            <Button variant="secondary" onClick={() => setCancelling(true)} isDisabled={!privileged} id="cancel-job">
                {_("Cancel the job")}
            </Button>
            {cancelling && <CancelDialog status={status} onClose={() => setCancelling(false)} />}
        </>
    );
}
