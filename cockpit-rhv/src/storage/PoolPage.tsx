// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";
import ArrowLeftIcon from "@patternfly/react-icons/dist/esm/icons/arrow-left-icon.js";
import StorageDomainIcon from "@patternfly/react-icons/dist/esm/icons/storage-domain-icon.js";

import { LoadingCards } from "../app/FirstConnection";
import { href } from "../app/route";
import { ErrorAlert } from "../common/ErrorAlert";
import { LibvirtNotice } from "../common/LibvirtNotice";
import { LimitedAccess } from "../common/LimitedAccess";
import { PageFrame } from "../common/PageFrame";
import { Status } from "../common/Status";
import type { RhvError } from "../generated/wire";
import { _ } from "../i18n";
import { Button, EmptyState, EmptyStateBody } from "../pf";
import { useTopic } from "../rpc/hooks";
import { ActionError, PoolActions } from "./PoolActions";
import { FactsCard, HistoryCard } from "./PoolFacts";
import { VolumesCard } from "./VolumesCard";
import { stateTone, stateWord, type Pool } from "./words";

function Back() {
    return (
        <nav aria-label={_("Back")} className="rhv-back">
            <Button variant="link" isInline component="a" href={href({ page: "storage" })} icon={<ArrowLeftIcon aria-hidden />} id="back">
                {_("All storage domains")}
            </Button>
        </nav>
    );
}

/** One domain that is there. */
function One({ pool, libvirt }: { pool: Pool; libvirt: Parameters<typeof LibvirtNotice>[0]["libvirt"] }) {
    const topic = useTopic(`pool/${pool.uuid}`);
    const [error, setError] = useState<RhvError | null>(null);
    const content = topic.state === "ready" ? topic.value : null;
    return (
        <PageFrame page="pool" state="ready" title={pool.name} above={<Back />}
                   badge={<Status tone={stateTone(pool.state)}>{stateWord(pool.state)}</Status>}
                   actions={<PoolActions pool={pool} content={content} onError={setError} />}>
            <LimitedAccess>{_("You can look. Adding, changing and uploading needs administrative access.")}</LimitedAccess>
            <LibvirtNotice libvirt={libvirt} />
            {error && <ActionError error={error} onDismiss={() => setError(null)} />}
            {libvirt.state === "connected" && pool.error && <ErrorAlert error={pool.error} variant="warning" />}
            <div className="rhv-guest-page__top">
                <FactsCard pool={pool} />
                <HistoryCard pool={pool} />
            </div>
            {topic.state === "error"
                ? <ErrorAlert error={topic.error} title={_("What is on this storage cannot be read")} />
                : <VolumesCard pool={pool} content={content} />}
        </PageFrame>
    );
}

/** A storage domain: how it is, what is on it, and what can be done with it. */
export default function PoolPage({ uuid }: { uuid: string }) {
    const topic = useTopic("storage");
    if (topic.state === "error") {
        return (
            <PageFrame page="pool" state="error" title={_("Storage domain")} above={<Back />}>
                <ErrorAlert error={topic.error} title={_("The storage cannot be read")} />
            </PageFrame>
        );
    }
    const pool = topic.state === "ready" ? topic.value.pools[uuid] : undefined;
    if (topic.state === "loading" || (!pool && !topic.value.complete && !topic.value.error && topic.value.libvirt.state === "connecting"))
        return <PageFrame page="pool" state="loading" title={_("Storage domain")} above={<Back />}><LoadingCards /></PageFrame>;
    if (pool)
        return <One pool={pool} libvirt={topic.value.libvirt} />;
    return (
        <PageFrame page="pool" state="ready" title={_("Storage domain")} above={<Back />}>
            <LibvirtNotice libvirt={topic.value.libvirt} />
            {topic.value.error && <ErrorAlert error={topic.value.error} />}
            {topic.value.complete && (
                <EmptyState headingLevel="h2" icon={StorageDomainIcon} titleText={_("There is no such storage domain on this host")} data-empty="gone">
                    <EmptyStateBody>{_("It may have been removed. What lay on it is still where it was.")}</EmptyStateBody>
                </EmptyState>
            )}
        </PageFrame>
    );
}
