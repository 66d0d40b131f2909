// SPDX-License-Identifier: Apache-2.0
import { ErrorAlert } from "./ErrorAlert";
import type { Machines } from "../generated/wire";
import { _ } from "../i18n";
import { usePrivileged } from "../rpc/hooks";
import type { Live } from "../rpc/merge";
import { Notice } from "./Notice";

/** Nothing works without libvirt: says what is wrong with it, or how little it allows, and what to do. */
export function LibvirtNotice({ libvirt }: { libvirt: Live<Machines["libvirt"]> }) {
    const privileged = usePrivileged();
    if (libvirt.state === "connected" && libvirt.access === "read-only" && privileged) {
        return (
            <Notice variant="info" title={_("libvirt lets this page look only")} id="libvirt-read-only">
                {_("It lets nobody change anything without a password, as VDSM sets it up, and the one that VDSM keeps on this host is missing or was refused. Everything is shown; actions and consoles need that password.")}
            </Notice>
        );
    }
    if (libvirt.state === "connected" || libvirt.state === "connecting")
        return null;
    const title = libvirt.state === "absent"
        ? _("libvirt is not installed on this host")
        : _("libvirt does not answer");
    return (
        <div id="libvirt-notice">
            {libvirt.error
                ? <ErrorAlert error={libvirt.error} />
                : (
                    <Notice variant="danger" title={title}>
                        {_("Virtual machines need libvirt's daemon. Install or start it; this page notices by itself.")}
                    </Notice>
                )}
        </div>
    );
}
