// SPDX-License-Identifier: Apache-2.0
import type { ReactNode } from "react";

import { Title } from "../pf";

export interface PageFrameProps {
    page: "engine" | "deploy" | "job";
    /** Whether the data is there; tests wait for it. */
    state: "loading" | "ready" | "error";
    /** Which of its faces the page shows. */
    view?: string;
    title: string;
    /** Beside the title: one state, said briefly. */
    badge?: ReactNode;
    actions?: ReactNode;
    /** The page fills the frame's height and scrolls inside. */
    fill?: boolean;
    children: ReactNode;
}

export function PageFrame({ page, state, view, title, badge, actions, fill = false, children }: PageFrameProps) {
    return (
        <main className={fill ? "rhv-page rhv-page--fill" : "rhv-page"} data-page={page} data-state={state} data-view={view}>
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
