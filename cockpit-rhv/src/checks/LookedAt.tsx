// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";

import type { CheckResult, Message } from "../generated/wire";
import { _, text } from "../i18n";
import { ExpandableSection } from "../pf";
import type { Live } from "../rpc/merge";

interface LookedAtProps {
    /** Names it in the page. */
    id: string;
    title: Message | Live<Message>;
    why: Message | Live<Message>;
    evidence: CheckResult["evidence"];
    /** It is shown from the beginning. */
    open?: boolean;
}

/** Folded away: why it matters, and what was read. */
export function LookedAt({ id, title, why, evidence, open = false }: LookedAtProps) {
    const [unfolded, setUnfolded] = useState(open);
    return (
        // Several of them are open at once: for who cannot see them each needs a name of its own.
        <ExpandableSection toggleContent={<>{_("What was looked at")}<span className="pf-v6-screen-reader">{` (${text(title)})`}</span></>}
                           toggleId={`check-${id}-toggle`}
                           contentId={`check-${id}-content`} className="rhv-details"
                           isExpanded={unfolded} onToggle={(_event, expanded) => setUnfolded(expanded)}>
            <p>{text(why)}</p>
            <dl className="rhv-raw-facts">
                {evidence.map(({ source, value }) => (
                    <div key={`${source} ${value}`}><dt>{source}</dt><dd><code>{value}</code></dd></div>
                ))}
            </dl>
        </ExpandableSection>
    );
}
