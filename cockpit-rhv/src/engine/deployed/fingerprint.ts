// SPDX-License-Identifier: Apache-2.0

/** Pairs of digits with colons, the way certificate viewers write fingerprints. */
export function fingerprint(hex: string): string {
    return hex.toUpperCase().match(/../g)?.join(":") ?? hex;
}
