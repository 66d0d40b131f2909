// SPDX-License-Identifier: Apache-2.0
import { useEffect, useSyncExternalStore, type ReactNode } from "react";
import UnpluggedIcon from "@patternfly/react-icons/dist/esm/icons/plug-icon.js";

import { ErrorDetails } from "../common/ErrorDetails";
import { PageFrame } from "../common/PageFrame";
import { reloadPage } from "../common/reload";
import { useLasting } from "../common/time";
import type { RhvError } from "../generated/wire";
import { _, text } from "../i18n";
import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from "../pf";
import { LoadingCards } from "./FirstConnection";
import { parts, type PartName, type Parts } from "./parts";
import { useRoute } from "./route";
import { sectionOf, sectionTitle } from "./sections";

function Failed({ error }: { error: RhvError }) {
    const section = sectionOf(useRoute());
    return (
        <PageFrame page={section} state="error" title={sectionTitle(section)}>
            <EmptyState headingLevel="h2" icon={UnpluggedIcon} titleText={text(error.message)} status="danger" data-part-error={error.code}>
                <EmptyStateBody>
                    <p role="status">{_("The package was probably updated while this page was open, or the host did not answer in time. What runs on the host goes on; what was entered in this page and not sent is lost when it is loaded again.")}</p>
                    <ErrorDetails error={error} />
                </EmptyStateBody>
                <EmptyStateFooter>
                    <EmptyStateActions>
                        <Button onClick={reloadPage} id="reload-page">{_("Load the page again")}</Button>
                    </EmptyStateActions>
                </EmptyStateFooter>
            </EmptyState>
        </PageFrame>
    );
}

function Loading() {
    const section = sectionOf(useRoute());
    const slow = useLasting(true, 300);
    return (
        <PageFrame page={section} state="loading" title={sectionTitle(section)}>
            {slow && <LoadingCards />}
        </PageFrame>
    );
}

interface PartProps<Name extends PartName> {
    name: Name;
    children: (part: Parts[Name]) => ReactNode;
}

/** A page of a part that loads when it is opened. */
export function Part<Name extends PartName>({ name, children }: PartProps<Name>) {
    const part = useSyncExternalStore(parts.subscribe, () => parts.get(name));
    const place = JSON.stringify(useRoute()); // another page of the same part is asked for, too
    useEffect(() => void parts.load(name), [name, place]);
    switch (part.state) {
    case "loading": return <Loading />;
    case "error": return <Failed error={part.error} />;
    case "ready": return children(part.part);
    }
}
