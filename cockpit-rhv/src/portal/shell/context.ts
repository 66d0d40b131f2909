// SPDX-License-Identifier: Apache-2.0
import { createContext, useContext, useSyncExternalStore } from "react";
import type { Live, Picture } from "../data/live";

export const LiveContext = createContext<Live | null>(null);

export function useLive(): Live {
    const live = useContext(LiveContext);
    if (!live) throw new Error("useLive outside of a session");
    return live;
}

export function usePicture(): Picture {
    const live = useLive();
    return useSyncExternalStore(live.subscribe, live.get);
}
