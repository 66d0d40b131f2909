# SPDX-License-Identifier: Apache-2.0
"""A limited connection: what needs no daemon needs no thread, and nothing begins on one that is closed."""

from __future__ import annotations

import threading

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines import limited
from cockpit_rhv.machines.limited import open_limited

URI = "test:///default"


def test_what_the_library_knows_itself_takes_no_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    conn = open_limited(URI, writable=True).conn
    domain = conn.lookupByName("test")
    asked: list[str] = []
    monkeypatch.setattr(limited, "call_within", lambda *_args: asked.append("the daemon"))
    assert (domain.name(), domain.ID(), len(domain.UUIDString())) == ("test", 1, 36)
    assert asked == []
    domain.isActive()
    assert asked == ["the daemon"]
    monkeypatch.undo()
    conn.close()


def test_nothing_begins_on_a_connection_that_is_closed() -> None:
    conn = open_limited(URI, writable=True).conn
    domain = conn.lookupByName("test")
    conn.close()
    with pytest.raises(RhvError) as told:
        domain.isActive()
    assert told.value.code == "libvirt.unreachable"


def test_a_call_that_goes_on_keeps_it_open() -> None:
    conn = open_limited(URI, writable=True).conn
    line, go_on, begun = conn._line, threading.Event(), threading.Event()

    def ask() -> None:
        begun.set()
        assert go_on.wait(30)

    going = threading.Thread(target=line.call, args=(ask,))
    going.start()
    assert begun.wait(30)
    conn.close()
    assert conn.lookupByName("test").name() == "test"  # not closed under the call
    go_on.set()
    going.join()
    conn.close()
    with pytest.raises(RhvError):
        conn.lookupByName("test")
