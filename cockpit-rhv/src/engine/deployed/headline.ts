// SPDX-License-Identifier: Apache-2.0
import type { Tone } from "../../common/Status";
import type { Component, Engine } from "../../generated/wire";
import { _, text } from "../../i18n";
import type { Live } from "../../rpc/merge";

export interface Headline {
    tone: Tone;
    /** Stable word for tests. */
    state: "running" | "starting" | "stopped" | "failed" | "unknown";
    title: string;
    detail: string | null;
}

const first = (engine: Live<Engine>, state: Component["state"]) =>
    engine.components.find(component => component.state === state);

/** The one line that answers "does it run?"; the worst part speaks first. */
export function headline(engine: Live<Engine>): Headline {
    const failed = first(engine, "failed");
    const vm = engine.components.find(component => component.id === "vm");
    if (vm?.state === "stopped")
        return { tone: "off", state: "stopped", title: _("The engine VM is off"), detail: _("The Manager cannot be reached until it is started.") };
    if (failed)
        return { tone: "bad", state: "failed", title: _("The engine needs attention"), detail: text(failed.message) };
    const starting = first(engine, "starting");
    if (starting)
        return { tone: "busy", state: "starting", title: _("The engine is starting"), detail: text(starting.message) };
    const stopped = first(engine, "stopped");
    if (stopped)
        return { tone: "warning", state: "failed", title: _("The engine needs attention"), detail: text(stopped.message) };
    switch (engine.health.state) {
    case "good":
        return { tone: "good", state: "running", title: _("The engine is running"), detail: text(engine.health.message) };
    case "bad":
        return { tone: "bad", state: "failed", title: _("The engine needs attention"), detail: text(engine.health.message) };
    case "unknown":
        return { tone: "unknown", state: "unknown", title: _("The engine's state is unknown"), detail: text(engine.health.message) };
    }
}

export function componentState(state: Component["state"]): { tone: Tone; word: string } {
    switch (state) {
    case "ok": return { tone: "good", word: _("OK") };
    case "starting": return { tone: "busy", word: _("Starting") };
    case "failed": return { tone: "bad", word: _("Failed") };
    case "stopped": return { tone: "off", word: _("Stopped") };
    case "unknown": return { tone: "unknown", word: _("Unknown") };
    }
}
