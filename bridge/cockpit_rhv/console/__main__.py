# SPDX-License-Identifier: Apache-2.0
"""``python3 -m cockpit_rhv.console vnc|serial <uuid> [take-over]``: one console of one guest on stdin and stdout."""

from __future__ import annotations

import logging
import os
import signal
import sys

from ..helper.log import log_to_journal
from .session import Session

logger = logging.getLogger(__name__)

USAGE = "usage: console vnc|serial <uuid> [take-over]"


def main() -> None:
    """Take stdout for the console alone, serve, and leave without waiting for threads that hang in libvirt."""
    output_fd = os.dup(1)
    os.dup2(2, 1)  # a stray print must not end up in the guest's picture
    log_to_journal("cockpit-rhv-console")
    arguments = sys.argv[1:]
    take_over = arguments[2:] == ["take-over"]
    if len(arguments) < 2 or arguments[0] not in ("vnc", "serial") or (arguments[2:] and not take_over):
        sys.exit(USAGE)
    kind, uuid = arguments[:2]
    # a page that is gone is noticed when it is written to; the default would be silent as well, but for the log
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    status = 0
    try:
        Session(kind, uuid, take_over, os.dup(0), output_fd).run()
    except Exception:
        logger.exception("the console failed")
        status = 1
    logging.shutdown()
    sys.stderr.flush()
    os._exit(status)


main()
