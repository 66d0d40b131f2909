// SPDX-License-Identifier: Apache-2.0
import { Status } from "../../common/Status";
import type { Component } from "../../generated/wire";
import { text } from "../../i18n";
import type { Live } from "../../rpc/merge";
import { componentState } from "./headline";

/** The parts that must run, in the order in which they come up. */
export function Components({ components }: { components: readonly Live<Component>[] }) {
    return (
        <ol className="rhv-components">
            {components.map(({ id, title, state, message }) => {
                const { tone, word } = componentState(state);
                return (
                    <li key={id} data-component={id} data-state={state}>
                        <span className="rhv-components__title">{text(title)}</span>
                        <Status tone={tone}>{word}</Status>
                        <span className="rhv-muted">{text(message)}</span>
                    </li>
                );
            })}
        </ol>
    );
}
