// SPDX-License-Identifier: Apache-2.0
import { useCallback, useEffect, useState } from "react";

import type { Event, Methods, RhvError } from "../generated/wire";
import { useCall, useTopic } from "../rpc/hooks";
import { asError } from "../rpc/topics";
import { merged } from "./merged";
import { toParams, type Wanted } from "./query";

type Answer = Methods["events.list"]["result"];

export interface Events {
    /** Null before the first answer. */
    events: readonly Event[] | null;
    more: boolean;
    /** There is no event on this host at all. */
    empty: boolean;
    error: RhvError | null;
    /** The next page is on its way. */
    loading: boolean;
    showMore: () => void;
}

interface State {
    of: Wanted;
    answer: Answer | null;
    error: RhvError | null;
}

/** The events that are wanted, the newest first, live: the topic says that there are new ones, and they are asked for. */
export function useEvents(wanted: Wanted): Events {
    const call = useCall();
    const topic = useTopic("events");
    const stamp = topic.state === "ready" ? topic.value.stamp : null;
    const [state, setState] = useState<State>({ of: wanted, answer: null, error: null });
    const [loading, setLoading] = useState(false);
    // Of other filters nothing is kept, and an answer to them is not shown.
    const current = state.of === wanted ? state : { of: wanted, answer: null, error: null };

    useEffect(() => {
        if (stamp === null)
            return;
        let over = false;
        call("events.list", toParams(wanted, Date.now() / 1000)).then(answer => {
            if (!over)
                setState(before => ({ of: wanted, error: null, answer: merged(before.of === wanted ? before.answer : null, answer) }));
        }, (reason: unknown) => {
            if (!over)
                setState(before => ({ of: wanted, answer: before.of === wanted ? before.answer : null, error: asError(reason).error }));
        });
        return () => {
            over = true;
        };
    }, [call, wanted, stamp]);

    const last = current.answer?.events.at(-1)?.seq;
    const showMore = useCallback(() => {
        if (last === undefined)
            return;
        setLoading(true);
        call("events.list", { ...toParams(wanted, Date.now() / 1000), before: last }).then(answer => {
            setState(before => (before.of !== wanted || !before.answer ? before : {
                of: wanted, error: null, answer: { ...before.answer, more: answer.more, events: [...before.answer.events, ...answer.events] },
            }));
        }, (reason: unknown) => setState(before => ({ ...before, error: asError(reason).error }))).finally(() => setLoading(false));
    }, [call, wanted, last]);

    return {
        events: current.answer?.events ?? null,
        more: current.answer?.more ?? false,
        empty: current.answer?.empty ?? false,
        error: topic.state === "error" ? topic.error : current.error,
        loading,
        showMore,
    };
}
