# SPDX-License-Identifier: Apache-2.0
"""Logging: to the journal where there is one, else to stderr; never to stdout."""

from __future__ import annotations

import logging
import os
import sys

#: journald's socket for syslog messages; the page opens the channel with stderr ignored
SYSLOG_SOCKET = "/dev/log"


def log_to_journal(name: str = "cockpit-rhv") -> None:
    """Send this process's log to the journal. ``COCKPIT_RHV_LOG`` is a level's name, INFO by default."""
    handler = _journal(name) or logging.StreamHandler(sys.stderr)
    level = logging.getLevelName(os.environ.get("COCKPIT_RHV_LOG", "INFO").upper())
    logging.basicConfig(level=level if isinstance(level, int) else logging.INFO, handlers=[handler])


def _journal(name: str) -> logging.Handler | None:
    if not os.path.exists(SYSLOG_SOCKET):
        return None
    from logging.handlers import SysLogHandler

    try:
        handler = SysLogHandler(SYSLOG_SOCKET)
    except OSError as error:
        print(f"no journal at {SYSLOG_SOCKET}: {error}", file=sys.stderr)  # noqa: T201 - there is no log yet
        return None
    handler.append_nul = False
    handler.setFormatter(logging.Formatter(f"{name}[%(process)d]: %(levelname)s %(name)s: %(message)s"))
    return handler
