// SPDX-License-Identifier: Apache-2.0
import { Fragment } from "react";

/** A sentence in which `commands` stand between backticks. */
export function Words({ text }: { text: string }) {
    return <>{text.split("`").map((part, index) => index % 2 === 1
        ? <code key={index} className="rhv-inline-code">{part}</code>
        : <Fragment key={index}>{part}</Fragment>)}</>;
}
