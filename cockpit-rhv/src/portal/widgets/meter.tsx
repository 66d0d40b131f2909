// SPDX-License-Identifier: Apache-2.0

interface Props {
    /** 0 to 100, or null when nothing was reported. */
    value: number | null;
    label: string;
    /** The value in words, for those who do not see the bar. */
    text: string;
}

/** Where a bar turns to a warning: there is still time to act at the first, hardly any at the second. */
function level(value: number): string {
    if (value >= 95) return "rhv-m-danger";
    return value >= 85 ? "rhv-m-warning" : "";
}

export function Meter({ value, label, text }: Props) {
    if (value === null) return <span className="rhv-meter rhv-m-empty" aria-hidden="true" />;
    const rounded = Math.round(value);
    return (
        <span className={`rhv-meter ${level(value)}`} role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={100}
              aria-valuenow={rounded} aria-valuetext={text}>
            <span className="rhv-meter__bar" style={{ inlineSize: `${rounded}%` }} />
        </span>
    );
}
