// SPDX-License-Identifier: Apache-2.0
// What stands in the place of data: while it is read, when it cannot be read, when there is none.
import type { ReactNode } from "react";
import { Alert } from "@patternfly/react-core/dist/esm/components/Alert/index.js";
import { Button } from "@patternfly/react-core/dist/esm/components/Button/index.js";
import { EmptyState, EmptyStateBody } from "@patternfly/react-core/dist/esm/components/EmptyState/index.js";
import { Skeleton } from "@patternfly/react-core/dist/esm/components/Skeleton/index.js";
import type { ApiError } from "../data/api";
import type { Loaded } from "../data/live";
import { _ } from "../../i18n";
import { useLive } from "../shell/context";
import { Words } from "./words";

export function explain(error: ApiError): string {
    if (error.status === 0) return _("The Manager does not answer. It may be restarting, or the network to it is down. This page keeps trying.");
    if (error.status === 403) return _("Your user may not read this. Ask an administrator of this Manager for the permission.");
    if (error.status >= 500) return _("The Manager answered with an internal error. Its log has the cause: `journalctl -u rhv-engine` in the engine VM. This page keeps trying.");
    return _("The Manager refused the request (HTTP {status}). {detail}", { status: String(error.status), detail: error.detail });
}

interface Props<T> {
    loaded: Loaded<T>;
    /** Shown when the list is empty. */
    empty: ReactNode;
    children: (items: readonly T[]) => ReactNode;
}

export function WhenLoaded<T>({ loaded, empty, children }: Props<T>) {
    const live = useLive();
    if (loaded.data) return loaded.data.length === 0 ? empty : children(loaded.data);
    if (!loaded.error) {
        return <div className="rhv-skeletons" aria-busy="true">
            {["40%", "75%", "60%"].map(width => <Skeleton key={width} width={width} screenreaderText={_("Loading…")} />)}
        </div>;
    }
    return (
        <Alert isInline variant="danger" title={_("This could not be read")} component="p"
               actionLinks={<Button variant="link" isInline onClick={() => live.refresh()}>{_("Try again")}</Button>}>
            <Words text={explain(loaded.error)} />
        </Alert>
    );
}

export function Empty({ title, children }: { title: string; children: ReactNode }) {
    return (
        <EmptyState titleText={title} headingLevel="h2" variant="sm">
            <EmptyStateBody>{children}</EmptyStateBody>
        </EmptyState>
    );
}
