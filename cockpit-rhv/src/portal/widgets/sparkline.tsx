// SPDX-License-Identifier: Apache-2.0
import { type Sample, span } from "../data/history";
import { number, percent } from "../../format";
import { _ } from "../../i18n";

interface Props {
    samples: readonly Sample[];
    field: "cpu" | "memory";
    /** What is drawn, in words: "CPU". */
    title: string;
    size?: "small" | "large";
}

interface Point {
    x: number;
    y: number;
    gap: boolean;
}

/** Points in a 100 × 100 square; the right edge is the newest reading. */
function points(samples: readonly Sample[], field: Props["field"]): Point[] {
    const end = samples[samples.length - 1]?.at ?? 0;
    const width = span(samples);
    const found: Point[] = [];
    let last = -Infinity;
    for (const sample of samples) {
        const value = sample[field];
        if (value === null || end - sample.at > width) continue;
        // A pause, for example while the tab was hidden, is a gap and not a straight line.
        found.push({ x: 100 - 100 * (end - sample.at) / width, y: 100 - value, gap: sample.at - last > 30_000 });
        last = sample.at;
    }
    return found;
}

const at = (value: number): string => value.toFixed(1);

function words(title: string, samples: readonly Sample[], field: Props["field"]): string {
    const values = samples.map(sample => sample[field]).filter(value => value !== null);
    const newest = values[values.length - 1];
    if (newest === undefined) return _("{title}: no readings yet", { title });
    return _("{title} in the last minutes: now {now}, lowest {low}, highest {high}, from {n} readings", {
        title, now: percent(newest / 100), low: percent(Math.min(...values) / 100), high: percent(Math.max(...values) / 100),
        n: number(values.length),
    });
}

export function Sparkline({ samples, field, title, size = "small" }: Props) {
    const drawn = points(samples, field);
    const line = drawn.map((point, index) => `${index === 0 || point.gap ? "M" : "L"}${at(point.x)} ${at(point.y)}`).join("");
    const runs: Point[][] = [];
    for (const point of drawn) {
        const run = runs[runs.length - 1];
        if (point.gap || !run) runs.push([point]);
        else run.push(point);
    }
    const area = runs.map(run => {
        const first = run[0];
        const last = run[run.length - 1];
        if (!first || !last) return "";
        return `M${at(first.x)} 100${run.map(({ x, y }) => `L${at(x)} ${at(y)}`).join("")}L${at(last.x)} 100Z`;
    }).join("");
    return (
        <svg className={`rhv-spark rhv-m-${size}`} viewBox="0 0 100 100" preserveAspectRatio="none" role="img"
             aria-label={words(title, samples, field)}>
            {size === "large" && [25, 50, 75].map(y => <line key={y} className="rhv-spark__grid" x1="0" x2="100" y1={y} y2={y} />)}
            <path className="rhv-spark__area" d={area} />
            <path className="rhv-spark__line" d={line} />
        </svg>
    );
}
