// SPDX-License-Identifier: Apache-2.0
import { _ } from "../i18n";
import { usePrivileged } from "../rpc/hooks";
import { Button } from "../pf";
import { bundleUrl } from "./bundle";

/** Saves everything about a job to a file: what one sends to somebody who is to help. */
export function BundleLink({ job }: { job: string }) {
    const privileged = usePrivileged();
    const label = _("Download everything about this job");
    if (!privileged) {
        return (
            <span>
                <Button variant="link" isInline isAriaDisabled id="download-bundle" aria-describedby="bundle-reason">{label}</Button>
                {" "}
                <span id="bundle-reason" className="rhv-muted">{_("(needs administrative access)")}</span>
            </span>
        );
    }
    return (
        <Button variant="link" isInline component="a" href={bundleUrl(cockpit.transport, job)} download={`rhv-${job}.tar.gz`} id="download-bundle">
            {label}
        </Button>
    );
}
