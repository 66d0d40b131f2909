// SPDX-License-Identifier: Apache-2.0
// From samples to lines in a square of 100 by 100; the right edge is the newest sample.

export interface Sample {
    /** Seconds, by the helper's clock. */
    at: number;
    /** null: not known. */
    value: number | null;
}

/** Samples farther apart than this many steps have a gap between them, not a straight line. */
const GAP_STEPS = 3;

/** The upper end of a scale of bytes or the like: 1, 2 or 5 times a power of ten, of 1024 bytes where `binary`. */
export function ceiling(value: number, least: number, binary = false): number {
    const wanted = Math.max(value, least);
    let unit = 1;
    if (binary) {
        while (wanted >= unit * 1024)
            unit *= 1024;
    }
    for (let power = unit; ; power *= 10) {
        for (const factor of [1, 2, 5]) {
            if (wanted <= power * factor)
                return power * factor;
        }
    }
}

/** Runs of points without a gap. `width`: seconds from the left edge to the right. */
function runs(samples: readonly Sample[], max: number, width: number, step: number): [number, number][][] {
    const end = samples[samples.length - 1]?.at ?? 0;
    const found: [number, number][][] = [];
    let last = -Infinity;
    for (const { at, value } of samples) {
        if (value === null || end - at > width)
            continue;
        const point: [number, number] = [100 - 100 * (end - at) / width, 100 - 100 * Math.min(value / max, 1)];
        const run = found[found.length - 1];
        if (run && at - last <= GAP_STEPS * step)
            run.push(point);
        else
            found.push([point]);
        last = at;
    }
    return found;
}

const at = ([x, y]: [number, number]): string => `${x.toFixed(1)} ${y.toFixed(1)}`;

export interface Paths {
    line: string;
    area: string;
}

export function paths(samples: readonly Sample[], max: number, width: number, step: number): Paths {
    const found = runs(samples, max, width, step);
    const line = found.map(run => `M${run.map(at).join("L")}`).join("");
    const area = found.map(run => {
        const [first, last] = [run[0], run[run.length - 1]];
        return first && last ? `M${first[0].toFixed(1)} 100L${run.map(at).join("L")}L${last[0].toFixed(1)} 100Z` : "";
    }).join("");
    return { line, area };
}
