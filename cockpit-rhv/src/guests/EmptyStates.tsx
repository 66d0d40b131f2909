// SPDX-License-Identifier: Apache-2.0
import SearchIcon from "@patternfly/react-icons/dist/esm/icons/search-icon.js";
import ServerIcon from "@patternfly/react-icons/dist/esm/icons/server-icon.js";

import { href } from "../app/route";
import { _ } from "../i18n";
import { Button, EmptyState, EmptyStateActions, EmptyStateBody, EmptyStateFooter } from "../pf";

/** A host without a guest: what one is, and where it comes from. */
export function NoGuests() {
    return (
        <EmptyState headingLevel="h2" icon={ServerIcon} titleText={_("No guests on this host yet")} data-empty="none">
            <EmptyStateBody>
                <p>{_("A guest is a virtual machine that runs on this host. It appears here by itself as soon as it is defined: by a Manager, by virt-install, or by any other program that speaks to libvirt.")}</p>
                <p>{_("A Manager creates guests, moves them between hosts and keeps them running; this host can run one.")}</p>
            </EmptyStateBody>
            <EmptyStateFooter>
                <EmptyStateActions>
                    <Button variant="link" component="a" href={href({ page: "engine" })}>{_("Go to the hosted engine")}</Button>
                </EmptyStateActions>
            </EmptyStateFooter>
        </EmptyState>
    );
}

export function NothingMatches({ onClear }: { onClear: () => void }) {
    return (
        <EmptyState headingLevel="h2" icon={SearchIcon} titleText={_("No guest matches")} data-empty="filtered">
            <EmptyStateBody>{_("The search looks at names, addresses, MAC addresses and UUIDs; every word must be found.")}</EmptyStateBody>
            <EmptyStateFooter>
                <EmptyStateActions>
                    <Button variant="link" onClick={onClear} id="clear-filters">{_("Show all guests")}</Button>
                </EmptyStateActions>
            </EmptyStateFooter>
        </EmptyState>
    );
}
