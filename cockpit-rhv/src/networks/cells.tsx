// SPDX-License-Identifier: Apache-2.0
// Cells of the tables of interfaces.
import { href } from "../app/route";
import { Status } from "../common/Status";
import { bytes, number } from "../format";
import { _, plural } from "../i18n";
import type { Link } from "./types";
import { linkState, ownerWord } from "./words";

const NONE = <span className="rhv-muted">–</span>;

export function LinkState({ link, needed }: { link: Pick<Link, "enabled" | "link">; needed: boolean }) {
    const { tone, word } = linkState(link, needed);
    return <Status tone={tone}>{word}</Status>;
}

export function Addresses({ link: { addresses } }: { link: Link }) {
    if (addresses.length === 0)
        return NONE;
    return (
        <>
            {addresses.map(({ address, prefix, dynamic }) => (
                <div key={address}>
                    {`${address}/${prefix}`}
                    {dynamic && <span className="rhv-muted"> {_("by DHCP")}</span>}
                </div>
            ))}
        </>
    );
}

/** What passes now, and what went wrong since the interface is there. */
export function Traffic({ link: { traffic } }: { link: Link }) {
    if (!traffic)
        return NONE;
    const { received_bps: received, sent_bps: sent, errors, dropped } = traffic;
    const perSecond = (value: number) => _("{size}/s", { size: bytes(value) });
    return (
        <>
            {received === undefined || sent === undefined
                ? NONE
                : <div className={received + sent === 0 ? "rhv-muted" : undefined}>{`${perSecond(received)} ${_("received")}, ${perSecond(sent)} ${_("sent")}`}</div>}
            {errors > 0 && <div data-errors><Status tone="warning">{plural("{count} error", "{count} errors", errors)}</Status></div>}
            {dropped > 0 && <div className="rhv-muted">{plural("{count} packet dropped", "{count} packets dropped", dropped)}</div>}
        </>
    );
}

export function OwnedBy({ link: { owner } }: { link: Link }) {
    return (
        <>
            <div data-owner={owner.kind}>
                {ownerWord(owner.kind)}
                {owner.name !== undefined && <span className="rhv-muted"> {owner.name}</span>}
            </div>
            {owner.file !== undefined && <div className="rhv-path rhv-muted">{owner.file}</div>}
            {owner.protected && <div className="rhv-muted">{owner.engine ? _("not changed: the hosted engine is reached over it") : _("not changed here")}</div>}
        </>
    );
}

/** Ports, members of a bond with their own state, or the parent of a VLAN. */
export function Members({ link, links }: { link: Link; links: Record<string, Link> }) {
    if (link.members.length === 0)
        return link.kind === "bridge" ? <span className="rhv-muted">{_("no card")}</span> : NONE;
    return (
        <>
            {link.members.map(name => {
                const member = links[name];
                const inBond = link.bond?.members[name];
                const state = inBond ? { enabled: member?.enabled ?? true, link: inBond.link } : member;
                return (
                    <div key={name} data-member={name} className="rhv-member">
                        {link.kind === "vlan" ? _("VLAN {id} on {name}", { id: link.vlan_id ?? "?", name }) : name}
                        {" "}
                        {state ? <LinkState link={state} needed /> : <Status tone="bad">{_("gone")}</Status>}
                        {inBond?.active === true && link.bond?.mode === "active-backup" && <span className="rhv-muted"> {_("carries the traffic")}</span>}
                    </div>
                );
            })}
        </>
    );
}

const MOST_GUESTS = 5;

/** The guests on a bridge, each a way to its page; of many the first. */
export function Guests({ link: { guests } }: { link: Link }) {
    if (guests.length === 0)
        return NONE;
    return (
        <>
            {guests.slice(0, MOST_GUESTS).map(({ target, name, uuid }) => (
                <div key={target}>
                    {uuid === undefined ? target : <a href={href({ page: "guest", uuid, query: {} })}>{name}</a>}
                </div>
            ))}
            {guests.length > MOST_GUESTS && <div className="rhv-muted">{_("and {count} more", { count: number(guests.length - MOST_GUESTS) })}</div>}
        </>
    );
}
