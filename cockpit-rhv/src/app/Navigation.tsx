// SPDX-License-Identifier: Apache-2.0
// PatternFly's looks without its component, which brings fly-out menus and scroll buttons to three links.
import styles from "@patternfly/react-styles/css/components/Nav/nav.mjs";

import { _ } from "../i18n";
import { href, useRoute } from "./route";
import { SECTIONS, sectionOf } from "./sections";

/** The places of this page, above whichever is shown. */
export function Navigation() {
    const current = sectionOf(useRoute());
    return (
        <nav className={`${styles.nav} ${styles.modifiers.horizontal} rhv-nav`} aria-label={_("Virtualization host")}>
            <ul className={styles.navList}>
                {SECTIONS.map(({ name, title, route }) => (
                    <li key={name} className={styles.navItem}>
                        <a href={href(route)} id={`nav-${name}`} aria-current={name === current ? "page" : undefined}
                           className={name === current ? `${styles.navLink} ${styles.modifiers.current}` : styles.navLink}>
                            <span className={styles.navLinkText}>{title()}</span>
                        </a>
                    </li>
                ))}
            </ul>
        </nav>
    );
}
