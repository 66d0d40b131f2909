// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";

import { Title } from "../pf";

export interface PageFrameProps {
    page: "engine" | "deploy" | "job";
    /** What the page shows; tests wait for it. */
    state: string;
    title: string;
    /** Beside the title: one state, said briefly. */
    badge?: ReactNode;
    actions?: ReactNode;
    /** The page fills the frame's height and scrolls inside. */
    fill?: boolean;
    children: ReactNode;
}

export function PageFrame({ page, state, title, badge, actions, fill = false, children }: PageFrameProps) {
    return (
        <main className={fill ? "rhv-page rhv-page--fill" : "rhv-page"} data-page={page} data-state={state}>
            <header className="rhv-page__header">
                <div className="rhv-page__title">
                    <Title headingLevel="h1" size="2xl">{title}</Title>
                    {badge}
                </div>
                {actions && <div className="rhv-page__actions">{actions}</div>}
            </header>
            {children}
        </main>
    );
}
