// SPDX-License-Identifier: Apache-2.0
import { type ReactNode, useId } from "react";

interface Props {
    title: string;
    /** At the title's end: a link to more. */
    aside?: ReactNode;
    children: ReactNode;
    className?: string;
}

/** A titled part of a page. */
export function Panel({ title, aside, children, className = "" }: Props) {
    const id = useId();
    return (
        <section className={`rhv-panel rhv-m-titled ${className}`} aria-labelledby={id}>
            <div className="rhv-panel__head">
                <h2 className="rhv-panel__title" id={id}>{title}</h2>
                {aside}
            </div>
            {children}
        </section>
    );
}
