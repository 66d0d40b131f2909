# SPDX-License-Identifier: Apache-2.0
"""A long call that is cancelled: libvirt is asked to end it, however often its process is told to end."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.guest_jobs import long_call as module
from cockpit_rhv.guest_jobs.long_call import long_call
from cockpit_rhv.jobs.stopping import Stopped

if TYPE_CHECKING:
    from collections.abc import Iterator

UUID = "6c7f9f5e-0000-4000-8000-000000000001"


class FakeDomain:
    def __init__(self) -> None:
        self.aborted = threading.Event()

    def isActive(self) -> bool:
        return False

    def abortJob(self) -> None:
        os.kill(os.getpid(), signal.SIGTERM)  # the runner and Ansible both ask
        time.sleep(0.1)
        self.aborted.set()

    def lookupByUUIDString(self, uuid: str) -> FakeDomain:
        assert uuid == UUID
        return self


def test_being_told_twice_does_not_lose_the_abort(monkeypatch: pytest.MonkeyPatch) -> None:
    conn: Any = FakeDomain()

    @contextmanager
    def connected(_uri: str) -> Iterator[Any]:
        yield conn

    monkeypatch.setattr(module, "connected", connected)
    go_on = threading.Event()
    lost: list[bool] = []

    def work() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        go_on.wait(30)

    before = signal.signal(signal.SIGTERM, lambda _number, _frame: lost.append(conn.aborted.is_set()))
    try:
        with pytest.raises(Stopped):
            long_call(conn, UUID, work, ProgressFile(None), writes=False)
    finally:
        signal.signal(signal.SIGTERM, before)
        go_on.set()
    assert conn.aborted.is_set()
    assert lost == []
