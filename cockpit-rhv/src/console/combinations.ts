// SPDX-License-Identifier: Apache-2.0
// Keys that the person's own system or browser would take for itself.
import type { Key } from "../screens/types";

const CONTROL: Key = { keysym: 0xffe3, code: "ControlLeft" };
const ALT: Key = { keysym: 0xffe9, code: "AltLeft" };
const F1_KEYSYM = 0xffbe;

export interface Combination {
    /** Written as keyboards are labelled: no text to translate. */
    label: string;
    keys: readonly Key[];
}

/** Consoles of a Linux guest. */
const TERMINALS = [1, 2, 3, 4, 5, 6, 7];

export const CTRL_ALT_DEL: Combination = { label: "Ctrl+Alt+Del", keys: [CONTROL, ALT, { keysym: 0xffff, code: "Delete" }] };

export const COMBINATIONS: readonly Combination[] = [
    CTRL_ALT_DEL,
    { label: "Ctrl+Alt+Backspace", keys: [CONTROL, ALT, { keysym: 0xff08, code: "Backspace" }] },
    { label: "Alt+Tab", keys: [ALT, { keysym: 0xff09, code: "Tab" }] },
    { label: "Alt+F4", keys: [ALT, { keysym: F1_KEYSYM + 3, code: "F4" }] },
    { label: "Super", keys: [{ keysym: 0xffeb, code: "MetaLeft" }] },
    { label: "Print Screen", keys: [{ keysym: 0xff61, code: "PrintScreen" }] },
    ...TERMINALS.map(number => ({
        label: `Ctrl+Alt+F${number}`,
        keys: [CONTROL, ALT, { keysym: F1_KEYSYM + number - 1, code: `F${number}` }],
    })),
];
