// SPDX-License-Identifier: Apache-2.0
import type { RhvError } from "../generated/wire";
import { _ } from "../i18n";
import type { Live } from "../rpc/merge";
import { ExpandableSection } from "../pf";

/** The machine's own words about an error, one click away. */
export function ErrorDetails({ error }: { error: RhvError | Live<RhvError> }) {
    return (
        <ExpandableSection className="rhv-details" toggleText={_("Technical details")}>
            <dl className="rhv-raw-facts">
                <dt>{_("Error code")}</dt>
                <dd><code>{error.code}</code></dd>
            </dl>
            {error.detail && (
                // A long text scrolls, so the keyboard must be able to reach it.
                // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
                <pre className="rhv-raw" tabIndex={0}>{error.detail}</pre>
            )}
        </ExpandableSection>
    );
}
