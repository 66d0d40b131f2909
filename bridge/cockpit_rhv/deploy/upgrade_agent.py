# SPDX-License-Identifier: Apache-2.0
"""Whether the engine is connected to this host's agent again: what "the host is up" looks like from the host.

The deployment's key, which could ask the Manager, is gone since *finish*; that the Manager asks, and is answered, is
what makes it report a host up.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..jobs.files import read_json
from ..messages import msg
from .engine_parts import AGENT_STATE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .progress import ProgressFile

#: The Manager tries a host again after five seconds at most.
LIMIT_S = 120.0
_POLL_S = 0.25


def connections(state_file: Path = AGENT_STATE) -> list[dict[str, Any]]:
    """The agent's connections, as its state file has them; [] without an agent that runs."""
    try:
        clients = read_json(state_file)["clients"]
        return [dict(client) for client in clients]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def wait_connected(
    before: Sequence[dict[str, Any]], progress: ProgressFile, state_file: Path = AGENT_STATE, limit_s: float = LIMIT_S
) -> None:
    """Wait for a connection that is not among those of ``before``. Raises RhvError ``upgrade.host_not_up``.

    A connection of an engine VM that was switched off without warning may look alive for a while.
    """
    began = time.monotonic()
    while not any(client not in before for client in connections(state_file)):
        waited = time.monotonic() - began
        if waited > limit_s:
            raise RhvError(
                "upgrade.host_not_up",
                msg(
                    "upgrade.host_not_up",
                    "The Manager is healthy but did not connect to this host within {seconds} s.",
                    seconds=round(limit_s),
                ),
                msg("upgrade.host_not_up.hint", "See: journalctl -u {unit}", unit="cockpit-rhv-agent.service"),
            )
        progress.report(waited, None, "seconds", msg("upgrade.connecting", "The Manager connects to this host"))
        time.sleep(_POLL_S)
