# SPDX-License-Identifier: Apache-2.0
"""What a job's work does when its process is asked to end: leave in good order, or finish something first."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stopped(BaseException):
    """This process was asked to end."""


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """In a job SIGTERM leaves the block as :class:`Stopped`; in the helper, whose threads work here, it is its own."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: Any) -> None:
        # The job's runner and Ansible both ask: the second time would end the cleaning up.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise Stopped

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def unstoppable() -> Iterator[None]:
    """SIGTERM waits until the block has ended. A mask would not do: the signal may come to another thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = []
    before = signal.signal(signal.SIGTERM, lambda _number, _frame: asked.append(True))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if asked:
            os.kill(os.getpid(), signal.SIGTERM)
