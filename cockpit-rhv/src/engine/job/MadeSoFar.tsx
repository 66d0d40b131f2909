// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";

import { bytes } from "../../format";
import type { CleanupItem } from "../../generated/wire";
import { _ } from "../../i18n";
import { useCall } from "../../rpc/hooks";
import { kindTitle, type Kind } from "../cleanup/groups";

/** What somebody would look for; the rest are small files. */
const TOLD: readonly Kind[] = ["domain", "disk", "drive", "registration", "unit", "network", "lock_manager"];

function words({ kind, name, size_bytes: size }: CleanupItem): string {
    return size === null
        ? _("{kind} {name}", { kind: kindTitle(kind), name })
        : _("{kind} {name} ({size})", { kind: kindTitle(kind), name, size: bytes(size) });
}

/** The state things are in after a deployment has stopped half way: what of it is on the host. */
export function MadeSoFar() {
    const call = useCall();
    const [items, setItems] = useState<CleanupItem[] | null>(null);
    useEffect(() => {
        let current = true;
        call("deploy.cleanup_plan", {}).then(
            plan => current && setItems(plan.items.filter(({ kind }) => TOLD.includes(kind))),
            // The dialog that removes them says why they cannot be listed; here nothing depends on it.
            () => current && setItems(null),
        );
        return () => { current = false; };
    }, [call]);

    if (items === null)
        return null;
    return (
        <dl className="rhv-advice" id="made-so-far">
            <div>
                <dt>{_("On this host now")}</dt>
                <dd>{items.length === 0 ? _("Nothing has been made yet.") : items.map(words).join(" · ")}</dd>
            </div>
        </dl>
    );
}
