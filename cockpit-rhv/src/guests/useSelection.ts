// SPDX-License-Identifier: Apache-2.0
import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "react";

import { isProtected, type Guest } from "./states";

export interface Selection {
    uuids: ReadonlySet<string>;
    /** Of those that are shown and may be selected. */
    all: boolean;
    some: boolean;
    /** `range`: all between this row and the one that was chosen last. */
    select: (index: number, selected: boolean, range: boolean) => void;
    selectAll: (selected: boolean) => void;
    clear: () => void;
}

/** Which guests of the list are selected. One that is gone, or that the filter hides, is not: nobody acts on what he does not see. */
export function useSelection(shown: readonly Guest[]): Selection {
    const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
    const last = useRef<string | null>(null);
    // The row's callback stays the same while the list changes, so that rows need not be drawn anew.
    const list = useRef(shown);
    useLayoutEffect(() => {
        list.current = shown;
    }, [shown]);

    const select = useCallback((index: number, selected: boolean, range: boolean) => {
        const guests = list.current;
        const from = range ? guests.findIndex(({ uuid }) => uuid === last.current) : -1;
        const [start, end] = from === -1 ? [index, index] : [Math.min(from, index), Math.max(from, index)];
        last.current = guests[index]?.uuid ?? null;
        setChosen(old => {
            const next = new Set(old);
            for (const guest of guests.slice(start, end + 1)) {
                if (!selected)
                    next.delete(guest.uuid);
                else if (!isProtected(guest))
                    next.add(guest.uuid);
            }
            return next;
        });
    }, []);

    const selectAll = useCallback((selected: boolean) => {
        setChosen(new Set(selected ? list.current.filter(guest => !isProtected(guest)).map(({ uuid }) => uuid) : []));
    }, []);
    const clear = useCallback(() => setChosen(new Set()), []);

    return useMemo(() => {
        const able = shown.filter(guest => !isProtected(guest));
        const uuids = new Set(able.filter(({ uuid }) => chosen.has(uuid)).map(({ uuid }) => uuid));
        return { uuids, all: uuids.size > 0 && uuids.size === able.length, some: uuids.size > 0, select, selectAll, clear };
    }, [shown, chosen, select, selectAll, clear]);
}
