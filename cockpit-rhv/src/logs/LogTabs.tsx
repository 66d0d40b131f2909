// SPDX-License-Identifier: Apache-2.0
import styles from "@patternfly/react-styles/css/components/Nav/nav.mjs";

import { href, type Route } from "../app/route";
import { _ } from "../i18n";

const TABS: readonly { page: "logs" | "events"; title: () => string; route: Route }[] = [
    { page: "logs", title: () => _("Collect logs"), route: { page: "logs" } },
    { page: "events", title: () => _("Events"), route: { page: "events", query: {} } },
];

/** The two halves of the section, each with an address of its own. */
export function LogTabs({ current }: { current: "logs" | "events" }) {
    return (
        <nav className={`${styles.nav} ${styles.modifiers.horizontal} rhv-logs__tabs`} aria-label={_("Logs")}>
            <ul className={styles.navList}>
                {TABS.map(({ page, title, route }) => (
                    <li key={page} className={styles.navItem}>
                        <a href={href(route)} id={`tab-${page}`} aria-current={page === current ? "page" : undefined}
                           className={page === current ? `${styles.navLink} ${styles.modifiers.current}` : styles.navLink}>
                            <span className={styles.navLinkText}>{title()}</span>
                        </a>
                    </li>
                ))}
            </ul>
        </nav>
    );
}
