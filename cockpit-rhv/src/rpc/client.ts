// SPDX-License-Identifier: Apache-2.0
import type { Methods } from "../generated/wire";
import type { RpcChannel } from "./channel";

const DEFAULT_TIMEOUT_MS = 30_000;

/** Methods that do real work on the host before they answer. */
const TIMEOUTS_MS: Partial<Record<keyof Methods, number>> = {
    "checks.run": 120_000,
    "deploy.preflight": 120_000,
    "machines.start": 60_000,
};

export type Call = <M extends keyof Methods>(method: M, params: Methods[M]["params"]) => Promise<Methods[M]["result"]>;

/** Typed calls over one channel; the helper validates both directions against the same schema. */
export function caller(channel: RpcChannel): Call {
    return async (method, params) => {
        const result = await channel.request(method, params, TIMEOUTS_MS[method] ?? DEFAULT_TIMEOUT_MS);
        return result as Methods[typeof method]["result"];
    };
}
