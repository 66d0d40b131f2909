# SPDX-License-Identifier: Apache-2.0
"""libvirt's event loop in a thread of its own.

Not libvirtaio: libvirt adds and removes its handles and timers from whichever thread makes a call, and libvirtaio
passes that on to asyncio, which is not safe from other threads. All our calls are made in worker threads. libvirt's own
loop is made for that; its callbacks hand over to asyncio with ``call_soon_threadsafe``.
"""

from __future__ import annotations

import logging
import threading
from functools import cache

logger = logging.getLogger(__name__)


@cache
def run_events() -> threading.Thread:
    """Start the loop, once for the process; must be called before the first connection is opened.

    The thread is a daemon: libvirt cannot unregister a loop, so it lives as long as the process.
    """
    import libvirt

    libvirt.virEventRegisterDefaultImpl()
    thread = threading.Thread(target=_run, name="libvirt-events", daemon=True)
    thread.start()
    return thread


def _run() -> None:
    import libvirt

    while True:
        try:
            libvirt.virEventRunDefaultImpl()
        except libvirt.libvirtError:
            logger.exception("libvirt's event loop failed, no more events will come")
            return
