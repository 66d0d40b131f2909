# SPDX-License-Identifier: Apache-2.0
"""What tools really printed, from ``recorded_programs/``: how it was recorded is in the README there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Callable

from cockpit_rhv.checks.context import Finished

if TYPE_CHECKING:
    from tests.unit.health_support import Host

FOLDER = Path(__file__).parent / "recorded_programs"


def recording(tool: str, case: str) -> tuple[str, Finished]:
    """The command line that was run, and how it ended, as ``run_command`` gives it."""
    command, status, output = (FOLDER / tool / f"{case}.txt").read_text().split("\n", 2)
    return command.removeprefix("$ "), Finished(int(status.removeprefix("exit ")), output.strip())


def recorded(tool: str, *cases: str) -> Callable[[Host], None]:
    """A host on which ``tool`` says this, and nothing to a question that is another than was recorded."""

    def change(host: Host) -> None:
        for command in [command for command in host.commands if command.split()[0] == tool]:
            del host.commands[command]
        host.commands.update(recording(tool, case) for case in cases)

    return change
