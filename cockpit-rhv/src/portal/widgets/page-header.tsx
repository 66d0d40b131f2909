// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";

interface Props {
    title: string;
    /** Beside the title: a state. */
    badge?: ReactNode;
    /** One line below it. */
    children?: ReactNode;
}

export function PageHeader({ title, badge, children }: Props) {
    return (
        <header className="rhv-header">
            <div className="rhv-header__line">
                <h1 className="rhv-header__title">{title}</h1>
                {badge}
            </div>
            {children && <div className="rhv-header__text">{children}</div>}
        </header>
    );
}
