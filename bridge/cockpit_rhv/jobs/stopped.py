# SPDX-License-Identifier: Apache-2.0
"""``python3 -m cockpit_rhv.jobs.stopped <job folder>``: the unit's ExecStopPost.

It runs after everything of the unit is gone, however it went, so that the status never goes on saying "running".
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from ..messages import Message, msg
from .settle import settle
from .store import JobStore

#: ``$SERVICE_RESULT`` and ``$EXIT_STATUS`` as systemd.exec(5) has them; None stands for any.
_CAUSES = (
    ("oom-kill", None, msg("job.cause.oom", "This host ran out of memory, and the kernel killed the job's process.")),
    ("signal", "KILL", msg("job.cause.killed", "Somebody or something killed the job's process (signal KILL).")),
    ("signal", None, msg("job.cause.signal", "A signal ended the job's process.")),
    ("core-dump", None, msg("job.cause.crash", "The job's process crashed.")),
    ("timeout", None, msg("job.cause.timeout", "The job's process did not end in time and was killed.")),
)


def _cause() -> Message | None:
    result, status = os.environ.get("SERVICE_RESULT"), os.environ.get("EXIT_STATUS")
    return next(
        (text for known, exit_status, text in _CAUSES if known == result and exit_status in (None, status)), None
    )


def _how_systemd_saw_it() -> str | None:
    said = [
        f"{name}={os.environ[name]}" for name in ("SERVICE_RESULT", "EXIT_CODE", "EXIT_STATUS") if name in os.environ
    ]
    return " ".join(said) or None


def main(arguments: list[str]) -> int:
    """Settle the job in the folder given as the only argument; returns the exit code."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    folder = Path(arguments[0]).resolve()
    settle(JobStore(folder.parent), folder.name, _how_systemd_saw_it(), wait_s=2.0, cause=_cause())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
