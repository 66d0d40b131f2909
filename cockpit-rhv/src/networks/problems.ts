// SPDX-License-Identifier: Apache-2.0
// Which field of a dialog the helper's refusal of a plan is about.
import { createContext, useContext } from "react";

import type { RhvError } from "../generated/wire";
import { _, text } from "../i18n";

/** Codes, without their `networks.`, by the field that they are said beside. */
const CODES: Record<string, readonly string[]> = {
    "net-name": ["name", "name_long", "name_reserved", "name_taken", "profile_taken"],
    "net-on": [
        "bond_mode", "bond_of_one", "bridge_on_bridge", "carries", "engine", "foreign", "guests", "in_use", "libvirt_network", "loopback",
        "member", "no_profile", "one", "profile_shared", "protected", "unknown",
    ],
    "net-mode": ["mode"],
    "net-tag": ["vlan_id", "vlan_taken"],
    "net-mtu": ["mtu", "mtu_below", "mtu_missing"],
    "net-address": ["address", "address_taken"],
    "net-gateway": ["gateway"],
    "net-dns": ["dns"],
};

/** What is wrong, and beside which field it is said. */
export interface FieldProblem { field: string; words: string }

/** Of a refused plan; null when none of the dialog's `fields` is the one to blame. */
export function fieldProblem(error: RhvError, fields: readonly string[]): FieldProblem | null {
    const field = fields.find(one => CODES[one]?.includes(error.code.replace(/^networks\./, "")));
    if (field === undefined)
        return null;
    return { field, words: [error.message, error.hint].flatMap(one => one ? [text(one)] : []).join(" ") };
}

export const Problems = createContext<FieldProblem | null>(null);

/** What is wrong with the field `id` of a dialog whose plan was refused. */
export function useProblem(id: string): string | null {
    const problem = useContext(Problems);
    return problem?.field === id ? problem.words : null;
}

/** Of a name as it is typed; the helper judges it again, and by what there is already. */
export function nameProblem(name: string): string | null {
    if (name === "")
        return null;
    if (!/^[A-Za-z_][\w.-]*$/.test(name))
        return _("A name has letters, digits, dots, hyphens and underscores, and begins with a letter.");
    return name.length > 15 ? _("A name has {most} characters at most.", { most: 15 }) : null;
}
