# SPDX-License-Identifier: Apache-2.0
"""``check`` and ``status``: reports on the terminal, or as JSON for a program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .cli_exit import ERRORS, FAILED, OK, WARNINGS
from .messages import Message, msg

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from .cli_terminal import Terminal

_SEVERITIES = {
    "ok": msg("cli.severity.ok", "ok"),
    "warning": msg("cli.severity.warning", "warning"),
    "error": msg("cli.severity.error", "error"),
    "unknown": msg("cli.severity.unknown", "unknown"),
    "not_applicable": msg("cli.severity.not_applicable", "not applicable"),
}
_ENGINE_STATES = {
    "none": msg("cli.engine.none", "No engine is deployed on this host."),
    "deploying": msg("cli.engine.deploying", "An engine is being deployed: job {job}."),
    "deployed": msg("cli.engine.deployed", "An engine is deployed on this host."),
    "failed": msg("cli.engine.failed", "The last deployment is unfinished: job {job}."),
}
_COMPONENT_STATES = {
    "ok": msg("cli.component.ok", "ok"),
    "starting": msg("cli.component.starting", "starting"),
    "failed": msg("cli.component.failed", "failed"),
    "stopped": msg("cli.component.stopped", "stopped"),
    "unknown": msg("cli.component.unknown", "unknown"),
}


def check(terminal: Terminal, arguments: argparse.Namespace) -> int:
    """Run all health checks; the exit code tells errors, and warnings or what could not be read, from good health."""
    from .checks.context import Context
    from .checks.registry import run_checks

    report = run_checks(None, Context()).to_json()
    if arguments.json:
        terminal.line(json.dumps(report, indent=1))
    else:
        show_report(terminal, report)
    return {"ok": OK, "error": ERRORS}.get(report["verdict"], WARNINGS)


def show_report(terminal: Terminal, report: Mapping[str, Any], *, problems_only: bool = False) -> None:
    """A line per check; for one that is not ok also why it matters, what was read and what to do."""
    for result in report["results"]:
        fine = result["severity"] in ("ok", "not_applicable")
        if fine and problems_only:
            continue
        severity = terminal.t(_SEVERITIES[result["severity"]])
        summary = terminal.t(Message.from_json(result["summary"]))
        terminal.line(f"{severity:<9} {terminal.t(Message.from_json(result['title']))}: {summary}")
        if fine:
            continue
        terminal.line(f"{'':<10}{terminal.t(Message.from_json(result['why']))}")
        for evidence in result["evidence"]:
            value = " ".join(evidence["value"].split())
            terminal.line(f"{'':<10}{evidence['source']}: {value[:200]}")
        if result["remedy"]:
            remedy = terminal.t(Message.from_json(result["remedy"]))
            terminal.line(f"{'':<10}" + terminal.t(msg("cli.remedy", "What to do: {remedy}", remedy=remedy)))


def status(terminal: Terminal, arguments: argparse.Namespace) -> int:
    """The hosted engine of this host; exit code 1 when a deployed engine is not healthy."""
    from .deploy.engine_state import read_engine_state

    engine = read_engine_state()
    if arguments.json:
        terminal.line(json.dumps(engine, indent=1))
    else:
        show_engine(terminal, engine)
    healthy = engine["state"] != "deployed" or engine["health"]["state"] == "good"
    return OK if healthy else FAILED


def show_engine(terminal: Terminal, engine: Mapping[str, Any]) -> None:
    """Definition ``Engine``, for people."""
    state = _ENGINE_STATES[engine["state"]]
    terminal.line(msg(state.id, state.text, job=engine["job"] or ""))
    config = engine["config"]
    if config is not None:
        terminal.line(msg("cli.engine.portal", "Manager:  {url}", url=config["url"]))
        terminal.line(msg("cli.engine.ca", "CA file:  {file}", file=config["ca_file"]))
        terminal.line(Message.from_json(engine["health"]["message"]))
        if engine["reachable_only_here"]:
            terminal.line(msg("cli.engine.only_here", "Its network is NAT: only this host can reach the Manager."))
    for component in engine["components"]:
        name = terminal.t(Message.from_json(component["title"]))
        shown = terminal.t(_COMPONENT_STATES[component["state"]])
        terminal.line(f"{shown:<9} {name}: {terminal.t(Message.from_json(component['message']))}")
