// SPDX-License-Identifier: Apache-2.0

export type Strength = "weak" | "fair" | "strong";

/**
 * A hint, no verdict: length counts most, then variety; runs such as "aaaa" or "1234" count as one character.
 */
export function strength(password: string): Strength {
    let effective = 0;
    let previous = NaN;
    for (const character of password) {
        const code = character.codePointAt(0) ?? 0;
        if (Math.abs(code - previous) > 1)
            effective += 1;
        previous = code;
    }
    const classes = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter(kind => kind.test(password)).length;
    const score = effective * (1 + classes / 4);
    if (score < 13)
        return "weak";
    return score < 21 ? "fair" : "strong";
}
