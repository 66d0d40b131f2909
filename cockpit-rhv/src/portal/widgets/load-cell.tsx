// SPDX-License-Identifier: Apache-2.0
import type { Sample } from "../data/history";
import { share } from "../data/history";
import type { Load } from "../data/model";
import { bytes, percent } from "../../format";
import { _ } from "../../i18n";
import { Meter } from "./meter";
import { Sparkline } from "./sparkline";

interface Props {
    load: Load;
    samples: readonly Sample[];
    /** False when the object is not running: then a number would be an old one. */
    live: boolean;
    field: "cpu" | "memory";
    /** Added to the value: "of 4". */
    note?: string;
}

const NOTHING = "–";

/** The words beside a bar: a share for CPU, an amount for memory. */
function reading(load: Load, field: Props["field"]): { value: number | null; text: string; of: string } {
    if (field === "cpu") return { value: load.cpu, text: load.cpu === null ? NOTHING : percent(load.cpu / 100), of: "" };
    const value = share(load.memoryUsed, load.memoryTotal);
    return {
        value,
        text: load.memoryUsed === null ? NOTHING : bytes(load.memoryUsed),
        of: load.memoryTotal === null ? "" : _("of {total}", { total: bytes(load.memoryTotal) }),
    };
}

export function LoadCell({ load, samples, live, field, note }: Props) {
    const title = field === "cpu" ? _("CPU") : _("Memory");
    const { value, text, of } = reading(load, field);
    if (!live || value === null) {
        return <span className="rhv-load rhv-m-empty">{field === "memory" && load.memoryTotal !== null
            ? bytes(load.memoryTotal)
            : <><span aria-hidden="true">{NOTHING}</span><span className="rhv-sr">{_("no reading")}</span></>}
        </span>;
    }
    return (
        <span className="rhv-load">
            <span className="rhv-load__text"><strong>{text}</strong> <span className="rhv-muted">{note ?? of}</span></span>
            <Meter value={value} label={title} text={of ? `${text} ${of}` : text} />
            <Sparkline samples={samples} field={field} title={title} />
        </span>
    );
}
