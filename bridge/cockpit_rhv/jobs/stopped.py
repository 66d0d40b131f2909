# SPDX-License-Identifier: Apache-2.0
"""``python3 -m cockpit_rhv.jobs.stopped <job folder>``: the unit's ExecStopPost.

It runs after everything of the unit is gone, however it went, so that the status never goes on saying "running".
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from .settle import settle
from .store import JobStore


def _how_systemd_saw_it() -> str | None:
    said = [
        f"{name}={os.environ[name]}" for name in ("SERVICE_RESULT", "EXIT_CODE", "EXIT_STATUS") if name in os.environ
    ]
    return " ".join(said) or None


def main(arguments: list[str]) -> int:
    """Settle the job in the folder given as the only argument; returns the exit code."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    folder = Path(arguments[0]).resolve()
    settle(JobStore(folder.parent), folder.name, _how_systemd_saw_it(), wait_s=2.0)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
