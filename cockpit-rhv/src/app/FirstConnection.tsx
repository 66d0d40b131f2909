// SPDX-License-Identifier: Apache-2.0
import PlugIcon from "@patternfly/react-icons/dist/esm/icons/plug-icon.js";

import { _ } from "../i18n";
import { PageFrame } from "../common/PageFrame";
import { useLasting } from "../common/time";
import { useConnection, useSession } from "../rpc/hooks";
import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter, Skeleton } from "../pf";
import { lossReason } from "./ConnectionNotice";
import { useRoute } from "./route";
import { sectionOf, sectionTitle } from "./sections";

export function LoadingCards() {
    return (
        <div className="rhv-cards" aria-busy="true">
            <div className="rhv-card-skeleton"><Skeleton screenreaderText={_("Loading")} /><Skeleton width="80%" /><Skeleton width="60%" /></div>
            <div className="rhv-card-skeleton"><Skeleton /><Skeleton width="70%" /><Skeleton width="85%" /></div>
        </div>
    );
}

/** Before the helper has ever answered: a skeleton, then what is wrong. */
export function FirstConnection() {
    const connection = useConnection();
    const { retryNow } = useSession();
    const section = sectionOf(useRoute());
    const slow = useLasting(connection.state === "connecting", 300);
    if (connection.state !== "lost") {
        return (
            <PageFrame page={section} state="loading" title={sectionTitle(section)}>
                {slow && <LoadingCards />}
            </PageFrame>
        );
    }
    return (
        <PageFrame page={section} state="error" title={sectionTitle(section)}>
            <EmptyState headingLevel="h2" icon={PlugIcon} titleText={_("This page cannot reach the host")} status="danger">
                <EmptyStateBody>
                    <p>{lossReason(connection.reason.problem)}</p>
                    {connection.reason.problem === "not-found" && (
                        <p>{_("Install it again with the host's package manager, then try again.")}</p>
                    )}
                    {connection.reason.message !== null && <p><code>{connection.reason.message}</code></p>}
                </EmptyStateBody>
                <EmptyStateFooter>
                    <EmptyStateActions>
                        <Button onClick={retryNow}>{_("Try again")}</Button>
                    </EmptyStateActions>
                </EmptyStateFooter>
            </EmptyState>
        </PageFrame>
    );
}
