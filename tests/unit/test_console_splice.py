# SPDX-License-Identifier: Apache-2.0
"""Bytes between page and guest: all of them, in order, no faster than they are taken, and an end for each side."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple

from cockpit_rhv.console import splice as module
from cockpit_rhv.console.splice import GUEST_LIMIT, PAGE_LIMIT, PIECE, Splice, frame
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.console_frames import Frames

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest


class Ends(NamedTuple):
    """The page's pipes, the guest's socket, and the thread that moves between them."""

    to_splice: int
    from_splice: int
    guest: socket.socket
    splice: Splice
    thread: threading.Thread
    ended: threading.Event

    def read(self, frames: Frames, limit_s: float = 60.0) -> bool:
        """One piece of what the page gets; False at the end."""
        assert select.select([self.from_splice], [], [], limit_s)[0], "nothing came"
        chunk = os.read(self.from_splice, 65_536)
        frames.feed(chunk)
        return bool(chunk)


@contextmanager
def spliced() -> Iterator[Ends]:
    page_in, to_splice = os.pipe()
    from_splice, page_out = os.pipe()
    ours, guest = socket.socketpair()
    splice = Splice(page_in, page_out)
    ended = threading.Event()
    splice.attach(ours, ended.set)
    thread = threading.Thread(target=splice.run)
    thread.start()
    ends = Ends(to_splice, from_splice, guest, splice, thread, ended)
    try:
        yield ends
    finally:
        splice.end()
        guest.close()
        for number in (to_splice, from_splice):
            with suppress(OSError):  # the test has closed it
                os.close(number)
        thread.join(10)
        os.close(page_in)
        os.close(page_out)
        assert not thread.is_alive()


def say_and_go(guest: socket.socket, last: bytes) -> None:
    guest.sendall(last)
    guest.close()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=3 * PIECE), max_size=5), st.lists(st.binary(max_size=9000), max_size=5))
def test_every_byte_arrives_in_order_both_ways(said: list[bytes], typed: list[bytes]) -> None:
    with spliced() as ends:
        frames = Frames()
        writer = threading.Thread(target=lambda: ends.guest.sendall(b"".join(said)))
        writer.start()
        wanted = b"".join(said)
        while len(frames.data) < len(wanted):
            assert ends.read(frames)
        writer.join()
        assert frames.data == wanted
        for piece in typed:
            os.write(ends.to_splice, piece) if piece else None
        got = b""
        while len(got) < len(b"".join(typed)):
            got += ends.guest.recv(65_536)
        assert got == b"".join(typed)


def test_events_stand_between_the_bytes_and_cut_none() -> None:
    with spliced() as ends:
        frames = Frames()
        ends.splice.tell({"event": "open"})
        ends.read(frames)
        ends.guest.sendall(b"x" * 1000)
        while len(frames.data) < 1000:
            ends.read(frames)
        ends.splice.tell({"event": "silent", "seconds": 5})
        ends.read(frames)
        assert [event["event"] for event in frames.events] == ["open", "silent"]
        assert frame(b"D", b"ab") == b"D\0\0\0\2ab"


def test_a_page_that_reads_nothing_holds_the_guest_back() -> None:
    with spliced() as ends:
        ends.guest.setblocking(False)
        sent, quiet_since = 0, time.monotonic()
        while time.monotonic() - quiet_since < 0.5:
            try:
                sent += ends.guest.send(b"z" * 65_536)
                quiet_since = time.monotonic()
            except BlockingIOError:
                time.sleep(0.02)
        # two kernel buffers and ours
        assert sent < PAGE_LIMIT + 2 * 1024 * 1024
        frames = Frames()
        while len(frames.data) < sent:
            ends.read(frames)
        assert frames.data == b"z" * sent


def test_a_guest_that_reads_nothing_holds_the_page_back() -> None:
    with spliced() as ends:
        os.set_blocking(ends.to_splice, False)
        sent, quiet_since = 0, time.monotonic()
        while time.monotonic() - quiet_since < 0.5:
            try:
                sent += os.write(ends.to_splice, b"k" * 8192)
                quiet_since = time.monotonic()
            except BlockingIOError:
                time.sleep(0.02)
        assert sent < GUEST_LIMIT + 2 * 1024 * 1024
        # what the guest says still comes
        frames = Frames()
        ends.guest.sendall(b"beep")
        ends.read(frames)
        assert frames.data == b"beep"


def test_it_ends_with_the_page() -> None:
    with spliced() as ends:
        os.close(ends.to_splice)
        ends.thread.join(60)
        assert not ends.thread.is_alive()
        assert ends.guest.recv(1) == b""
        assert not ends.ended.is_set()


def test_it_ends_when_nobody_reads_any_more() -> None:
    with spliced() as ends:
        os.close(ends.from_splice)
        ends.thread.join(60)
        assert not ends.thread.is_alive()


def test_what_a_guest_said_last_arrives_before_the_end() -> None:
    with spliced() as ends:
        last = b"panic" * 20_000
        threading.Thread(target=say_and_go, args=(ends.guest, last)).start()
        frames = Frames()
        while len(frames.data) < len(last):
            assert ends.read(frames)
        assert ends.ended.wait(60)
        assert ends.thread.is_alive()  # why it ended is still to be said
        ends.splice.tell({"event": "end"})
        ends.splice.end()
        ends.read(frames)
        assert frames.data == last
        assert frames.events == [{"event": "end"}]
        ends.thread.join(60)
        assert not ends.thread.is_alive()


def test_a_page_that_takes_nothing_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FLUSH_LIMIT_S", 0.3)
    with spliced() as ends:
        threading.Thread(target=say_and_go, args=(ends.guest, b"q" * 200_000), daemon=True).start()
        assert ends.ended.wait(60)
        before = time.process_time()
        ends.splice.end()
        ends.thread.join(60)
        assert not ends.thread.is_alive()
        assert time.process_time() - before < 0.2, "it waited busily"


def test_a_guest_that_is_gone_before_the_page_has_read_costs_nothing() -> None:
    with spliced() as ends:
        ends.guest.setblocking(False)
        sent, quiet_since = 0, time.monotonic()
        while time.monotonic() - quiet_since < 0.3:
            with suppress(BlockingIOError):
                sent += ends.guest.send(b"y" * 65_536)
                quiet_since = time.monotonic()
            time.sleep(0.01)
        ends.guest.close()
        before = time.process_time()
        time.sleep(0.5)
        assert time.process_time() - before < 0.1, "it waits busily"
        frames = Frames()
        while len(frames.data) < sent:
            ends.read(frames)
        assert ends.ended.wait(60)


def test_nothing_to_do_costs_nothing() -> None:
    with spliced() as ends:
        before = time.process_time()
        time.sleep(0.5)
        assert time.process_time() - before < 0.1
        assert ends.thread.is_alive()
