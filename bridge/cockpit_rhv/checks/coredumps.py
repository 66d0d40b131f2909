# SPDX-License-Identifier: Apache-2.0
"""Crashes of QEMU that systemd has kept."""

from __future__ import annotations

import datetime
import re
import time
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RhvError
from ..host.files import read_text
from ..messages import msg
from .asking import ask, json_in, shown
from .model import NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .context import Context

#: Days a crash is told. Ours; systemd keeps the files three days, the journal's record longer.
DAYS = 7
FOLDER = "var/lib/systemd/coredump"
_COMMAND = ("coredumpctl", "list", "--json=short", "--no-pager")
_QEMU = re.compile(r"qemu-(system-\w+|kvm)")
#: core.<comm>.<uid>.<boot>.<pid>.<microseconds>[.zst]; the kernel cuts the name of a program to 15 characters.
_FILE = re.compile(r"core\.(qemu-[\w-]+)\.\d+\.[0-9a-f]{32}\.(\d+)\.(\d{10,19})(\.\w+)?")


class Dump(NamedTuple):
    """``time_s``: epoch."""

    program: str
    pid: int
    time_s: float


def parse_dumps(output: str) -> list[Dump]:
    """QEMU's in what ``coredumpctl`` printed. Raises RhvError ``checks.dumps.strange``."""
    try:
        found = [
            Dump(str(item["exe"]), int(item["pid"]), int(item["time"]) / 1e6)
            for item in json_in(output, list)
            if _QEMU.search(str(item["exe"]))
        ]
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        text = msg("checks.dumps.strange", "The list of crashes is in a form that is not known.")
        raise RhvError("checks.dumps.strange", text, detail=shown(output)) from error
    return found


def dumps_in(names: Iterable[str]) -> list[Dump]:
    """QEMU's among the names of the files systemd keeps."""
    return [
        Dump(match[1], int(match[2]), int(match[3][:16].ljust(16, "0")) / 1e6)
        for name in names
        if (match := _FILE.fullmatch(name))
    ]


def check_dumps(context: Context) -> Outcome:
    """The journal's record of crashes; where there is no coredumpctl, the files."""
    done = ask(context, _COMMAND, 8.0)
    if done is None:
        pattern = read_text(context.probes.root / "proc/sys/kernel/core_pattern")
        if "systemd-coredump" not in pattern:
            text = msg("checks.dumps.none", "This host does not keep what is left of a program that crashed.")
            remedy = msg("checks.dumps.none.remedy", "Install systemd-coredump to be told of crashes.")
            return Outcome(NOT_APPLICABLE, text, [Evidence("/proc/sys/kernel/core_pattern", pattern)], remedy)
        dumps = dumps_in(path.name for path in (context.probes.root / FOLDER).iterdir())
        source = f"/{FOLDER}"
    else:
        source = "coredumpctl list"
        # Both streams are one here: a user who may not see all is told so in words, and exit status 1 is "none".
        if "not seeing messages" in done.output or "insufficient permissions" in done.output:
            text = msg("checks.dumps.denied", "Who crashed only an administrator may see.")
            return Outcome(UNKNOWN, text, [Evidence(source, shown(done.output))])
        # Without a journal it has found none either.
        if done.code == 1 and "No coredumps found" in done.output and "No journal files" not in done.output:
            dumps = []
        elif done.code != 0:
            text = msg("checks.dumps.failed", "coredumpctl does not tell of crashes.")
            return Outcome(UNKNOWN, text, [Evidence(source, shown(done.output))])
        else:
            dumps = parse_dumps(done.output)
    recent = sorted((dump for dump in dumps if dump.time_s > time.time() - DAYS * 86400), key=lambda dump: -dump.time_s)
    if not recent:
        text = msg("checks.dumps.ok", "QEMU has not crashed in the last {days} days.", days=DAYS)
        return Outcome(OK, text, [Evidence(source, f"{len(dumps)} older crashes of QEMU")])
    evidence = [Evidence(source, f"{dump.program}, process {dump.pid}, {_moment(dump.time_s)}") for dump in recent[:8]]
    return Outcome(
        WARNING,
        msg(
            "checks.dumps.some", "QEMU has crashed in the last {days} days: {count} times", days=DAYS, count=len(recent)
        ),
        evidence,
        msg(
            "checks.dumps.remedy",
            "“coredumpctl info {pid}” shows where; install QEMU's updates, and report it with the guest's log.",
            pid=recent[0].pid,
        ),
    )


def _moment(seconds: float) -> str:
    try:
        return f"{datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError, OSError):
        return "at an impossible time"


CHECKS = (
    Check(
        "guests.coredumps",
        msg("checks.dumps.title", "Crashes of QEMU"),
        msg(
            "checks.dumps.why",
            "A guest whose QEMU crashed lost what it had in memory; it will happen again until the cause is mended.",
        ),
        check_dumps,
        health_only=True,
    ),
)
