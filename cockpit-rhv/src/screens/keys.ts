// SPDX-License-Identifier: Apache-2.0
// A US keyboard: which key makes which character. QEMU takes the key's place, and the guest's own layout decides what it is.
import type { Key } from "./types";

export const SHIFT: Key = { keysym: 0xffe1, code: "ShiftLeft" };

function letters(row: string): string[] {
    return Array.from(row, letter => `Key${letter}`);
}

/** Keys in rows: the code's beginning, then the characters without and with Shift. */
const ROWS: readonly (readonly [readonly string[], string, string])[] = [
    [["Backquote", "Digit1", "Digit2", "Digit3", "Digit4", "Digit5", "Digit6", "Digit7", "Digit8", "Digit9", "Digit0", "Minus", "Equal"],
     "`1234567890-=", "~!@#$%^&*()_+"],
    [[...letters("QWERTYUIOP"), "BracketLeft", "BracketRight", "Backslash"], "qwertyuiop[]\\", "QWERTYUIOP{}|"],
    [[...letters("ASDFGHJKL"), "Semicolon", "Quote"], "asdfghjkl;'", "ASDFGHJKL:\""],
    [[...letters("ZXCVBNM"), "Comma", "Period", "Slash"], "zxcvbnm,./", "ZXCVBNM<>?"],
    [["Space"], " ", " "],
];

const KEYS = new Map<string, readonly Key[]>([
    ["\n", [{ keysym: 0xff0d, code: "Enter" }]],
    ["\t", [{ keysym: 0xff09, code: "Tab" }]],
]);
for (const [codes, plain, shifted] of ROWS) {
    codes.forEach((code, index) => {
        const without = plain.charAt(index), with_ = shifted.charAt(index);
        KEYS.set(with_, [SHIFT, { keysym: with_.charCodeAt(0), code }]);
        KEYS.set(without, [{ keysym: without.charCodeAt(0), code }]);
    });
}

/** The keys to press together for one character, or null where this keyboard has none. */
export function keysFor(character: string): readonly Key[] | null {
    return KEYS.get(character) ?? null;
}

/** A text as the strokes that make it, and how many of its characters are left out. */
export function strokes(text: string): { strokes: (readonly Key[])[]; left: number } {
    const all = Array.from(text.replaceAll("\r\n", "\n"), keysFor);
    const known = all.filter(keys => keys !== null);
    return { strokes: known, left: all.length - known.length };
}
