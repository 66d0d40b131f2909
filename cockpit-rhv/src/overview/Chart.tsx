// SPDX-License-Identifier: Apache-2.0
import { duration } from "../format";
import { _ } from "../i18n";
import { ceiling, paths, type Sample } from "./lines";

export interface Series {
    name: string;
    samples: readonly Sample[];
}

interface ChartProps {
    id: string;
    title: string;
    series: readonly Series[];
    /** How a value is written. */
    write: (value: number) => string;
    /** The scale's end; without it, it follows the values, at least to `least`. */
    max?: number;
    least?: number;
    /** Seconds that the whole width stands for, and between two samples. */
    width: number;
    step: number;
    /** Beside the newest values. */
    note?: string;
}

function known({ samples }: Series): number[] {
    return samples.map(({ value }) => value).filter(value => value !== null);
}

function words(series: Series, write: (value: number) => string): string {
    const values = known(series);
    const now = values[values.length - 1];
    if (now === undefined)
        return _("{name}: no readings yet", { name: series.name });
    return _("{name}: now {now}, lowest {low}, highest {high}", {
        name: series.name, now: write(now), low: write(Math.min(...values)), high: write(Math.max(...values)),
    });
}

/** One or two lines over the last minutes; what they show is also said in words. */
export function Chart({ id, title, series, write, max, least = 1, width, step, note }: ChartProps) {
    const scale = max ?? ceiling(Math.max(0, ...series.flatMap(known)), least, true);
    const label = `${title}. ${series.map(one => words(one, write)).join(". ")}`;
    return (
        <figure className="rhv-graph" data-graph={id}>
            <figcaption className="rhv-graph__caption">
                <h3 className="rhv-graph__title">{title}</h3>
                <ul className="rhv-graph__values">
                    {series.map(one => {
                        const now = known(one).at(-1);
                        return (
                            <li key={one.name}>
                                {series.length > 1 && <span className="rhv-graph__key" aria-hidden />}
                                {series.length > 1 && <span className="rhv-muted">{one.name}</span>}
                                <b>{now === undefined ? "–" : write(now)}</b>
                            </li>
                        );
                    })}
                    {note !== undefined && <li className="rhv-muted">{note}</li>}
                </ul>
            </figcaption>
            <div className="rhv-graph__frame">
                <span className="rhv-graph__scale" aria-hidden>{write(scale)}</span>
                <svg className="rhv-graph__plot" viewBox="0 0 100 100" preserveAspectRatio="none" role="img" aria-label={label}>
                    {[25, 50, 75].map(y => <line key={y} className="rhv-graph__grid" x1="0" x2="100" y1={y} y2={y} />)}
                    {series.map(({ name, samples }, index) => {
                        const { line, area } = paths(samples, scale, width, step);
                        return (
                            <g key={name} className={`rhv-graph__series rhv-graph__series--${index + 1}`}>
                                {index === 0 && <path className="rhv-graph__area" d={area} />}
                                <path className="rhv-graph__line" d={line} />
                            </g>
                        );
                    })}
                </svg>
                <div className="rhv-graph__time" aria-hidden>
                    <span>{_("{time} ago", { time: duration(width) })}</span>
                    <span>{_("now")}</span>
                </div>
            </div>
        </figure>
    );
}
