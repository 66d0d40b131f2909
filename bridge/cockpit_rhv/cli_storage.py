# SPDX-License-Identifier: Apache-2.0
"""``storage test`` and ``storage discover``: storage tried from the shell before anything is committed."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any

from .cli_exit import ABORTED, ERRORS, OK, WARNINGS
from .errors import RhvError
from .messages import Message, msg

if TYPE_CHECKING:
    import argparse

    from .cli_terminal import Terminal
    from .storage.steps import StepResult

_LIMIT = 65536
_SEVERITIES = {
    "ok": msg("cli.severity.ok", "ok"),
    "warning": msg("cli.severity.warning", "warning"),
    "error": msg("cli.severity.error", "error"),
    "unknown": msg("cli.severity.unknown", "unknown"),
    "skipped": msg("cli.severity.skipped", "skipped"),
}


def storage(terminal: Terminal, arguments: argparse.Namespace) -> int:
    """One of the two."""
    if os.geteuid() != 0:
        raise RhvError(
            "access.denied",
            msg("access.denied", "Only an administrator may do this."),
            msg("access.denied.cli", "Run it as root."),
        )
    return _test(terminal, arguments) if arguments.action == "test" else _discover(terminal, arguments)


def _test(terminal: Terminal, arguments: argparse.Namespace) -> int:
    from .storage.testing import try_storage

    document = _read(arguments.file)
    cancel = threading.Event()

    def stop(_number: int, _frame: object) -> None:
        cancel.set()

    # The test undoes what it did; a second Ctrl-C kills it, and the kernel undoes.
    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        report = try_storage(
            document, arguments.need, cancel, None if arguments.json else lambda result: _show(terminal, result)
        )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if arguments.json:
        terminal.line(json.dumps(report.to_json(), indent=1))
    if report.cancelled:
        return ABORTED
    return {"ok": OK, "error": ERRORS}.get(report.verdict, WARNINGS)


def _discover(terminal: Terminal, arguments: argparse.Namespace) -> int:
    from .storage.testing import discover_targets

    found = discover_targets(arguments.portal)
    if arguments.json:
        terminal.line(json.dumps(found, indent=1))
        return OK
    for target in found["targets"]:
        terminal.line(target["target"])
        for portal in target["portals"]:
            terminal.line(f"  {portal['portal']},{portal['group']}")
    if not found["targets"]:
        terminal.note(msg("storage.iscsi.target.none", "The portal offers no target to this host."))
    return OK


def _read(name: str) -> Any:
    if name == "-":
        text = sys.stdin.buffer.read(_LIMIT)
    else:
        with open(name, "rb") as stream:
            text = stream.read(_LIMIT)
    try:
        return json.loads(text)
    except ValueError as error:
        raise RhvError(
            "storage.not_json",
            msg("storage.not_json", "The storage document is not JSON."),
            msg("storage.not_json.hint", "cockpit-rhv(1) has an example of each type."),
            # Not the text: a secret may be in it.
            type(error).__name__,
        ) from None


def _show(terminal: Terminal, result: StepResult) -> None:
    value = result.to_json()
    severity = terminal.t(_SEVERITIES[value["severity"]])
    summary = terminal.t(Message.from_json(value["summary"]))
    terminal.line(f"{severity:<9} {terminal.t(Message.from_json(value['title']))}: {summary}")
    if value["severity"] in ("ok", "skipped"):
        return
    terminal.line(f"{'':<10}{terminal.t(Message.from_json(value['why']))}")
    for evidence in value["evidence"]:
        shown = " ".join(evidence["value"].split())
        terminal.line(f"{'':<10}{evidence['source']}: {shown[:200]}")
    if value["remedy"]:
        remedy = terminal.t(Message.from_json(value["remedy"]))
        terminal.line(f"{'':<10}" + terminal.t(msg("cli.remedy", "What to do: {remedy}", remedy=remedy)))
