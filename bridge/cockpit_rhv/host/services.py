# SPDX-License-Identifier: Apache-2.0
"""States of systemd units."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RhvError
from ..messages import msg

if TYPE_CHECKING:
    from collections.abc import Sequence

_PROPERTIES = ("LoadState", "ActiveState", "SubState", "UnitFileState", "Result", "MainPID")
_TIMEOUT_S = 10


class UnitState(NamedTuple):
    """systemd's own words: ``load`` loaded, not-found, masked…; ``active`` active, activating, inactive, failed…;
    ``enabled`` enabled, disabled, static, empty when there is no unit file; ``result`` success, exit-code….
    """

    load: str
    active: str
    sub: str
    enabled: str
    result: str
    main_pid: int | None

    @property
    def installed(self) -> bool:
        """A unit file exists."""
        return self.load != "not-found"


def unit_states(units: Sequence[str]) -> dict[str, UnitState]:
    """State of each named unit, existing or not, keyed by the name asked for. Takes some 10 ms: call it in a thread.

    Raises RhvError ``host.no_systemd`` when systemd does not answer.
    """
    if not units:
        return {}
    command = ["systemctl", "show", "--property=" + ",".join(_PROPERTIES), "--", *units]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT_S, check=True, text=True
        )
    except subprocess.CalledProcessError as error:
        raise _unavailable(error.stderr.strip()) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unavailable(str(error)) from error
    states = parse_show(done.stdout)
    if len(states) != len(units):
        raise _unavailable(f"{len(states)} answers for {len(units)} units: {done.stdout[:200]!r}")
    return dict(zip(units, states))


def parse_show(text: str) -> list[UnitState]:
    """Blocks of `systemctl show`, in the order asked; an alias keeps its place though its Id differs."""
    return [_parse_block(block) for block in text.split("\n\n") if block.strip()]


def _parse_block(block: str) -> UnitState:
    fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
    pid = int(fields.get("MainPID") or 0)
    return UnitState(
        load=fields.get("LoadState", ""),
        active=fields.get("ActiveState", ""),
        sub=fields.get("SubState", ""),
        enabled=fields.get("UnitFileState", ""),
        result=fields.get("Result", ""),
        main_pid=pid or None,
    )


def _unavailable(detail: str) -> RhvError:
    return RhvError(
        "host.no_systemd", msg("host.no_systemd", "The states of this host's services could not be read."), None, detail
    )
