// SPDX-License-Identifier: Apache-2.0
import type { Methods } from "../generated/wire";
import type { RpcChannel } from "./channel";

const DEFAULT_TIMEOUT_MS = 30_000;

/** Methods that do real work on the host before they answer. */
const TIMEOUTS_MS: { [M in keyof Methods]?: number | ((params: Methods[M]["params"]) => number) } = {
    "checks.run": 120_000,
    "deploy.preflight": 120_000,
    // A job is started: its files are unpacked first, and its beginning is awaited.
    "deploy.start": 130_000,
    "deploy.resume": 130_000,
    "deploy.cleanup": 130_000,
    "tasks.start": 130_000,
    "jobs.resume": 130_000,
    "jobs.cancel": 130_000,
    "engine.upgrade": 130_000,
    "engine.rollback": 130_000,
    "engine.drop_previous": 130_000,
    "machines.start": 70_000,
    "machines.shutdown": 70_000,
    "machines.power_off": 70_000,
    "machines.create_options": 130_000,
    "machines.create": 130_000,
    "machines.clone_plan": 130_000,
    "machines.clone": 130_000,
    "machines.set_vcpus": 70_000,
    "machines.set_memory": 70_000,
    "machines.change_medium": 70_000,
    "machines.define_xml": 70_000,
    // All volumes are asked what they are based on.
    "machines.removal_plan": 310_000,
    "machines.disk_choices": 310_000,
    "machines.add_disk": 310_000,
    "machines.remove_disk": 310_000,
    "machines.add_nic": 70_000,
    "machines.remove_nic": 70_000,
    "machines.set_link": 70_000,
    "machines.remove": 310_000,
    "machines.set_boot_order": 70_000,
    // The whole memory of a guest may have to be written or read.
    "machines.shut_down": 130_000,
    "machines.snapshot_create": 700_000,
    "machines.snapshot_revert": 700_000,
    "machines.snapshot_delete": 700_000,
    "storage.test": 190_000,
    "storage.discover": 130_000,
    "storage.luns": 130_000,
    "storage.create": 70_000,
    "storage.act": 70_000,
    "storage.volume_create": 610_000,
    "storage.volume_remove": 310_000,
    // Each guest has a limit of its own in the helper; this one is for a helper that never answers.
    "machines.act": ({ uuids }) => 660_000 + uuids.length * 60_000,
};

export type Call = <M extends keyof Methods>(method: M, params: Methods[M]["params"]) => Promise<Methods[M]["result"]>;

/** Typed calls over one channel; the helper validates both directions against the same schema. */
export function caller(channel: RpcChannel): Call {
    return async (method, params) => {
        const limit = TIMEOUTS_MS[method] ?? DEFAULT_TIMEOUT_MS;
        const result = await channel.request(method, params, typeof limit === "number" ? limit : limit(params));
        return result as Methods[typeof method]["result"];
    };
}
