# SPDX-License-Identifier: Apache-2.0
"""Commands to a running QEMU over its monitor socket."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


class QmpError(RuntimeError):
    """QEMU refused a command; the text has its words."""


def execute(path: Path, command: str, limit_s: float = 120, **arguments: Any) -> Any:
    """Run one command of QEMU's machine protocol and return its answer. Raises QmpError, OSError."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(limit_s)
        connection.connect(str(path))
        with connection.makefile("rw") as stream:
            stream.readline()  # QEMU's greeting
            answer: dict[str, Any] = {}
            for verb, values in (("qmp_capabilities", {}), (command, arguments)):
                stream.write(json.dumps({"execute": verb, "arguments": values}) + "\n")
                stream.flush()
                answer = json.loads(stream.readline())
                while "event" in answer:
                    answer = json.loads(stream.readline())
                if "error" in answer:
                    raise QmpError(f"{command}: {answer['error']}")
            return answer["return"]


def monitor(path: Path, line: str, limit_s: float = 120) -> str:
    """A command of the monitor for people, which alone saves snapshots into the disk. Raises QmpError."""
    said = str(execute(path, "human-monitor-command", limit_s, **{"command-line": line})).strip()
    if said:
        raise QmpError(f"{line}: {said}")
    return said
