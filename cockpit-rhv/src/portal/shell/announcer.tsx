// SPDX-License-Identifier: Apache-2.0
// Says aloud what changed by itself: a host or guest that took another state. Each is said once, politely.
import { useEffect, useRef, useState } from "react";
import { _ } from "../../i18n";
import { guestStatus, hostStatus } from "../words";
import { usePicture } from "./context";

function useChanges(items: readonly { id: string; name: string; status: string }[] | null, word: (status: string) => string): string {
    const before = useRef<ReadonlyMap<string, string> | null>(null);
    const [said, setSaid] = useState("");
    useEffect(() => {
        if (!items) return;
        const old = before.current;
        before.current = new Map(items.map(({ id, status }) => [id, status]));
        if (!old) return;
        const changed = items.filter(({ id, status }) => old.has(id) && old.get(id) !== status);
        if (changed.length > 0) {
            setSaid(changed.map(({ name, status }) => _("{name}: {status}", { name, status: word(status) })).join(". "));
        }
    }, [items, word]);
    return said;
}

const hostWord = (status: string): string => hostStatus(status).label;
const guestWord = (status: string): string => guestStatus(status).label;

export function Announcer() {
    const { hosts, guests } = usePicture();
    const ofHosts = useChanges(hosts.data, hostWord);
    const ofGuests = useChanges(guests.data, guestWord);
    return (
        <div className="rhv-sr" aria-live="polite">
            <p>{ofHosts}</p>
            <p>{ofGuests}</p>
        </div>
    );
}
