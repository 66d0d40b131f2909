// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import { currentRoute, go } from "../app/route";
import { ConfirmDialog } from "../common/ConfirmDialog";
import { ErrorAlert } from "../common/ErrorAlert";
import type { RhvError } from "../generated/wire";
import { _, plural } from "../i18n";
import { AlertActionLink, Button } from "../pf";
import { useCall, usePrivileged } from "../rpc/hooks";
import { asError } from "../rpc/topics";
import { actionTitle, applies, type Action, type Content, type Pool } from "./words";

/** Those that take something away: each is asked about, and says what stays. */
const ASKED: readonly Action[] = ["deactivate", "remove"];
const SHOWN: readonly Action[] = ["activate", "deactivate", "refresh", "autostart_on", "autostart_off", "remove"];

function users(content: Content | null): string[] {
    const names = Object.values(content?.volumes ?? {}).flatMap(volume => volume.users.map(user => user.name));
    return [...new Set(names)].sort();
}

function Question({ action, pool, content }: { action: Action; pool: Pool; content: Content | null }) {
    const guests = users(content);
    const count = Object.keys(content?.volumes ?? {}).length;
    return (
        <>
            <p>
                {action === "remove"
                    ? _("libvirt forgets this domain. Everything that lies on it stays where it is: {place}.", { place: pool.source ?? pool.target ?? pool.name })
                    : _("It is unmounted or logged out of. Everything that lies on it stays where it is: {place}.", { place: pool.source ?? pool.target ?? pool.name })}
            </p>
            {action === "deactivate" && count > 0 && <p>{plural("{count} volume cannot be used until it is active again.", "{count} volumes cannot be used until it is active again.", count)}</p>}
            {guests.length > 0 && <p>{_("These guests have disks on it and do not start without it: {guests}", { guests: guests.join(", ") })}</p>}
            {action === "deactivate" && !pool.persistent && <p>{_("It has no stored definition and is forgotten then.")}</p>}
        </>
    );
}

interface PoolActionsProps {
    pool: Pool;
    content: Content | null;
    onError: (error: RhvError | null) => void;
}

export function PoolActions({ pool, content, onError }: PoolActionsProps) {
    const call = useCall();
    const privileged = usePrivileged();
    const [asked, setAsked] = useState<Action | null>(null);
    const [busy, setBusy] = useState<Action | null>(null);
    const act = (action: Action) => call("storage.act", { pool: pool.uuid, action });
    const run = (action: Action) => {
        setBusy(action);
        onError(null);
        act(action).catch((reason: unknown) => onError(asError(reason).error)).finally(() => setBusy(null));
    };
    const leave = () => {
        const route = currentRoute();
        if (route.page === "pool" && route.uuid === pool.uuid)
            go({ page: "storage" });
    };
    return (
        <>
            {SHOWN.filter(action => applies(action, pool)).map(action => (
                <Button key={action} id={`pool-${action}`} isDisabled={!privileged || busy !== null} isLoading={busy === action}
                        spinnerAriaValueText={_("Running")} isDanger={action === "remove"}
                        variant={action === "activate" ? "primary" : action === "remove" ? "link" : "secondary"}
                        onClick={() => (ASKED.includes(action) ? setAsked(action) : run(action))}>
                    {actionTitle(action)}
                </Button>
            ))}
            {asked && (
                <ConfirmDialog danger={asked === "remove"} confirm={actionTitle(asked)} onClose={() => setAsked(null)}
                               title={asked === "remove" ? _("Remove {name}?", { name: pool.name }) : _("Deactivate {name}?", { name: pool.name })}
                               action={() => act(asked).then(() => asked === "remove" && leave())}>
                    <Question action={asked} pool={pool} content={content} />
                </ConfirmDialog>
            )}
        </>
    );
}

/** What an action on this page could not do, until it is dismissed. */
export function ActionError({ error, onDismiss }: { error: RhvError; onDismiss: () => void }) {
    return <ErrorAlert error={error} actions={<AlertActionLink onClick={onDismiss}>{_("Dismiss")}</AlertActionLink>} />;
}
