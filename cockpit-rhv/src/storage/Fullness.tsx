// SPDX-License-Identifier: Apache-2.0
import { bytes, percent } from "../format";
import { _ } from "../i18n";
import { fullness, type Pool } from "./words";

/** How much of a domain is taken, as a bar and in words. */
export function Fullness({ pool }: { pool: Pool }) {
    const ratio = fullness(pool);
    if (ratio === null)
        return <span className="rhv-muted">–</span>;
    const said = _("{used} of {total}", { used: bytes(pool.allocation_bytes ?? 0), total: bytes(pool.capacity_bytes ?? 0) });
    return (
        <div className="rhv-fullness" data-old={pool.error ? "" : undefined}>
            <svg className="rhv-fullness__bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden data-full={ratio >= 0.9 ? "" : undefined}>
                <rect className="rhv-fullness__whole" width="100" height="4" />
                <rect className="rhv-fullness__used" width={ratio * 100} height="4" />
            </svg>
            <span>{pool.error ? _("last known: {what}", { what: said }) : `${said} (${percent(ratio)})`}</span>
        </div>
    );
}
