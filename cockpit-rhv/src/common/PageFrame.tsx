// SPDX-License-Identifier: Apache-2.0
import { useEffect, useId, useRef, type ReactNode } from "react";

import { Title } from "../pf";

export interface PageFrameProps {
    page: "overview" | "guests" | "guest" | "create" | "clone" | "console" | "storage" | "pool" | "networks"
        | "logs" | "events" | "engine" | "deploy" | "job";
    /** Whether the data is there; tests wait for it. */
    state: "loading" | "ready" | "error";
    /** Which of its faces the page shows. */
    view?: string;
    title: string;
    /** Above the title: where the page is one of many. */
    above?: ReactNode;
    /** Beside the title: one state, said briefly. */
    badge?: ReactNode;
    actions?: ReactNode;
    /** The page fills the frame's height and scrolls inside. */
    fill?: boolean;
    children: ReactNode;
}

/** Where a page's dialogs and menus belong: outside of `main` no screen reader would know their place. */
export function mainElement(): HTMLElement {
    return document.querySelector("main") ?? document.body;
}

/** A page that has just been opened takes the focus from nobody. */
let firstFrame = true;

export function PageFrame({ page, state, view, title, above, badge, actions, fill = false, children }: PageFrameProps) {
    const main = useRef<HTMLElement>(null);
    const titleId = useId();
    useEffect(() => {
        document.title = title;
    }, [title]);
    useEffect(() => {
        // The link that led here is gone, and the focus with it: the next Tab begins in the new page.
        if (!firstFrame && document.activeElement === document.body)
            main.current?.focus({ preventScroll: true });
        firstFrame = false;
    }, []);
    return (
        <main className={fill ? "rhv-page rhv-page--fill" : "rhv-page"} data-page={page} data-state={state} data-view={view}
              ref={main} tabIndex={-1} aria-labelledby={titleId}>
            {above}
            <header className="rhv-page__header">
                <div className="rhv-page__title">
                    <Title headingLevel="h1" size="2xl" id={titleId}>{title}</Title>
                    {badge}
                </div>
                {actions && <div className="rhv-page__actions">{actions}</div>}
            </header>
            {children}
        </main>
    );
}
