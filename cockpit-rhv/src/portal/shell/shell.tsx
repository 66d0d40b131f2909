// SPDX-License-Identifier: Apache-2.0
import { type ReactNode, useEffect, useRef, useState } from "react";
import { Alert } from "@patternfly/react-core/dist/esm/components/Alert/index.js";
import {
    Masthead, MastheadBrand, MastheadContent, MastheadMain, MastheadToggle,
} from "@patternfly/react-core/dist/esm/components/Masthead/index.js";
import { Nav, NavItem, NavList } from "@patternfly/react-core/dist/esm/components/Nav/index.js";
import {
    Page, PageSection, PageSidebar, PageSidebarBody, PageToggleButton,
} from "@patternfly/react-core/dist/esm/components/Page/index.js";
import { SkipToContent } from "@patternfly/react-core/dist/esm/components/SkipToContent/index.js";
import type { Session } from "../data/session";
import { _ } from "../../i18n";
import { href, type PageName, PAGES, useRoute } from "../route";
import { moment } from "../time";
import { Announcer } from "./announcer";
import { usePicture } from "./context";
import { UserMenu } from "./user-menu";

const MAIN = "main";

export function pageTitle(page: PageName): string {
    switch (page) {
        case "overview": return _("Overview");
        case "hosts": return _("Hosts");
        case "guests": return _("Guests");
        case "events": return _("Events");
        case "console": return _("Console client resources");
    }
}

function focusMain(): void {
    document.getElementById(MAIN)?.focus();
}

function Lost() {
    const { link, at } = usePicture();
    return (
        <div className="rhv-live" aria-live="polite">
            {link === "lost" && (
                <Alert isInline variant="warning" title={_("The Manager does not answer")} component="p" className="rhv-lost">
                    {at === null
                        ? _("This page keeps trying.")
                        : _("What you see is of {time}. This page keeps trying and goes on by itself.", { time: moment(at) })}
                </Alert>
            )}
        </div>
    );
}

function Brand() {
    return (
        <a className="rhv-brand" href={href("overview")}>
            <span className="rhv-brand__name">{_("Manager")}</span>
            <span className="rhv-brand__engine">{location.hostname}</span>
        </a>
    );
}

/** The width from which PatternFly shows the sidebar beside the page instead of over it. */
const wide = window.matchMedia("(min-width: 75rem)");

interface Props {
    session: Session;
    /** The visitor has just logged in: the login form had the focus and is gone. */
    arrived: boolean;
    children: ReactNode;
}

export function Shell({ session, arrived, children }: Props) {
    const route = useRoute();
    const [isWide, setIsWide] = useState(wide.matches);
    const [open, setOpen] = useState(wide.matches);
    useEffect(() => {
        const follow = (): void => {
            setIsWide(wide.matches);
            setOpen(wide.matches);
        };
        wide.addEventListener("change", follow);
        return () => wide.removeEventListener("change", follow);
    }, []);

    useEffect(() => {
        if (arrived) focusMain();
    }, [arrived]);

    // A new page starts at its top, and a screen reader hears where it is; not at the first, where nobody moved.
    const here = `${route.page}/${route.id ?? ""}`;
    const shown = useRef(here);
    useEffect(() => {
        if (shown.current === here) return;
        shown.current = here;
        document.getElementById(MAIN)?.scrollTo(0, 0);
        focusMain();
    }, [here]);

    const masthead = (
        <Masthead display={{ default: "inline" }}>
            <MastheadMain>
                <MastheadToggle>
                    <PageToggleButton isHamburgerButton aria-label={_("Navigation")} isSidebarOpen={open}
                                      onSidebarToggle={() => setOpen(!open)} id="nav-toggle" />
                </MastheadToggle>
                <MastheadBrand><Brand /></MastheadBrand>
            </MastheadMain>
            <MastheadContent><UserMenu session={session} /></MastheadContent>
        </Masthead>
    );
    const sidebar = (
        <PageSidebar isSidebarOpen={open} className={open && !isWide ? "pf-m-expanded" : ""}>
            <PageSidebarBody>
                <Nav aria-label={_("Pages")} onSelect={() => setOpen(isWide)}>
                    <NavList>
                        {PAGES.map(page => (
                            <NavItem key={page} itemId={page} to={href(page)} isActive={page === route.page}>{pageTitle(page)}</NavItem>
                        ))}
                    </NavList>
                </Nav>
            </PageSidebarBody>
        </PageSidebar>
    );
    const skip = (
        <SkipToContent href={`#${MAIN}`} onClick={event => {
            // The hash is the portal's location.
            event.preventDefault();
            focusMain();
        }}>{_("Skip to the content")}</SkipToContent>
    );
    return (
        <Page masthead={masthead} sidebar={sidebar} skipToContent={skip} mainContainerId={MAIN} mainTabIndex={-1}
              mainAriaLabel={pageTitle(route.page)}>
            <PageSection className="rhv-main" isWidthLimited>
                <Lost />
                {children}
            </PageSection>
            <Announcer />
        </Page>
    );
}
