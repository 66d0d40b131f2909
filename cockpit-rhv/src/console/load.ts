// SPDX-License-Identifier: Apache-2.0
// The viewers are a script of their own: they are larger than the rest of a page, and few open a console each time.
import { localError } from "../rpc/channel";
import type { Screens } from "../screens/types";

/** Cockpit leaves a request unanswered now and then; who waits longer than this is better off asking again. */
const LIMIT_MS = 20_000;

let loading: Promise<Screens> | null = null;
let attempt = 0;

/** The viewers; after a failure the next call asks the host again. */
export function loadScreens(): Promise<Screens> {
    loading ??= load().catch((reason: unknown) => {
        loading = null;
        throw reason;
    });
    return loading;
}

async function load(): Promise<Screens> {
    attempt += 1;
    // Not a literal, or it would be built into this script. A browser remembers an address that failed: another one each time.
    const address = new URL(attempt === 1 ? "screens.js" : `screens.js?${attempt}`, document.baseURI).href;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const overdue = new Promise<never>((_resolve, reject) => {
        timer = setTimeout(() => reject(failure("no answer")), LIMIT_MS);
    });
    try {
        return await Promise.race([import(address) as Promise<Screens>, overdue]);
    } catch (reason) {
        throw failure(String(reason));
    } finally {
        clearTimeout(timer);
    }
}

function failure(detail: string): Error {
    return localError("page.screens", "The console's part of this page could not be loaded from the host.", detail);
}
