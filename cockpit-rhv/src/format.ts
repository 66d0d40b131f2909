// SPDX-License-Identifier: Apache-2.0
// Numbers, sizes, durations and dates in the reader's language.
import { _, language } from "./i18n";

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

export function number(value: number, digits = 0): string {
    return new Intl.NumberFormat(language(), { maximumFractionDigits: digits }).format(value);
}

export function percent(ratio: number): string {
    return new Intl.NumberFormat(language(), { style: "percent" }).format(ratio);
}

/** 1536 → "1.5 KiB". */
export function bytes(value: number): string {
    let unit = 0;
    while (value >= 1024 && unit < BYTE_UNITS.length - 1) {
        value /= 1024;
        unit += 1;
    }
    return `${number(value, value < 10 && unit > 0 ? 1 : 0)} ${BYTE_UNITS[unit] ?? ""}`;
}

export function mebibytes(value: number): string {
    return bytes(value * 1024 * 1024);
}

function unit(value: number, name: "second" | "minute" | "hour" | "day"): string {
    return new Intl.NumberFormat(language(), { style: "unit", unit: name, unitDisplay: "short" }).format(value);
}

/** The two largest units that say something: "45 sec", "2 min 5 sec", "3 hr 12 min", "12 days 4 hr". */
export function duration(seconds: number): string {
    const total = Math.max(0, Math.round(seconds));
    const days = Math.floor(total / 86_400);
    const hours = Math.floor(total / 3_600) % 24;
    const minutes = Math.floor(total / 60) % 60;
    const rest = total % 60;
    if (days > 0)
        return hours > 0 ? `${unit(days, "day")} ${unit(hours, "hour")}` : unit(days, "day");
    if (hours > 0)
        return minutes > 0 ? `${unit(hours, "hour")} ${unit(minutes, "minute")}` : unit(hours, "hour");
    if (minutes > 0)
        return rest > 0 ? `${unit(minutes, "minute")} ${unit(rest, "second")}` : unit(minutes, "minute");
    return unit(rest, "second");
}

/** A remaining time, no more precise than an estimate can be. */
export function estimate(seconds: number): string {
    if (seconds < 8)
        return _("a few seconds");
    if (seconds < 60)
        return _("about {time}", { time: duration(Math.ceil(seconds / 5) * 5) });
    return _("about {time}", { time: duration(Math.ceil(seconds / 30) * 30) });
}

/** Position on a job's clock: "0:07", "12:31", "1:02:09". */
export function clock(seconds: number): string {
    const total = Math.max(0, Math.floor(seconds));
    const hours = Math.floor(total / 3_600);
    const minutes = Math.floor(total / 60) % 60;
    const two = (value: number) => value.toString().padStart(2, "0");
    return hours > 0
        ? `${hours}:${two(minutes)}:${two(total % 60)}`
        : `${minutes}:${two(total % 60)}`;
}

export function dateTime(epochSeconds: number): string {
    return new Intl.DateTimeFormat(language(), { dateStyle: "medium", timeStyle: "short" })
        .format(new Date(epochSeconds * 1000));
}

export function timeOfDay(epochSeconds: number): string {
    return new Intl.DateTimeFormat(language(), { timeStyle: "medium" }).format(new Date(epochSeconds * 1000));
}

/** With seconds: two events of a minute are told apart. */
export function preciseTime(epochSeconds: number): string {
    return new Intl.DateTimeFormat(language(), { dateStyle: "short", timeStyle: "medium" }).format(new Date(epochSeconds * 1000));
}
