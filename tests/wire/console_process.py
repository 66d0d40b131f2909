# SPDX-License-Identifier: Apache-2.0
"""A console's program as the page has it: started, fed, read, and never left behind."""

from __future__ import annotations

import os
import select
import struct
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Callable

from tests.console_frames import Frames
from tests.wire.helper_process import TREE

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY_EVENT, POINTER = 4, 5


class ConsoleProcess:
    """``arguments``: kind, uuid and perhaps take-over."""

    def __init__(self, environ: Mapping[str, str], *arguments: str) -> None:
        self.frames = Frames()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cockpit_rhv.console", *arguments],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(TREE / "bridge"), **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )

    def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    def until(self, seen: Callable[[Frames], bool], limit_s: float = 90.0) -> None:
        """Read until what has come is enough."""
        deadline = time.monotonic() + limit_s
        while not seen(self.frames):
            left = deadline - time.monotonic()
            assert left > 0, (self.frames.events, self.frames.data[:200])
            if self._read(left) == b"":
                raise AssertionError(f"it ended: {self.frames.events}")

    def take(self, length: int, limit_s: float = 90.0) -> bytes:
        """The guest's next bytes."""
        self.until(lambda frames: len(frames.data) >= length, limit_s)
        taken, self.frames.data = self.frames.data[:length], self.frames.data[length:]
        return taken

    def until_event(self, name: str, limit_s: float = 90.0) -> dict[str, Any]:
        self.until(lambda frames: any(event["event"] == name for event in frames.events), limit_s)
        found: dict[str, Any] = next(event for event in self.frames.events if event["event"] == name)
        return found

    def error(self, limit_s: float = 90.0) -> str:
        """The code it ends with; waits for the end of the process, too."""
        code: str = self.until_event("end", limit_s)["error"]["code"]
        assert self.process.wait(30) == 0
        return code

    def end(self) -> None:
        """Close the channel, as a page does that goes away."""
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None
            stream.close()
        try:
            self.process.wait(30)
        finally:
            self.process.kill()
            self.process.wait()

    def _read(self, limit_s: float) -> bytes | None:
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], limit_s)[0]:
            return None
        chunk: bytes = os.read(self.process.stdout.fileno(), 65_536)
        self.frames.feed(chunk)
        return chunk


class Screen:
    """RFB as far as a test needs it: the handshake, a picture, keys."""

    def __init__(self, console: ConsoleProcess) -> None:
        self.console = console
        console.until_event("open")
        assert console.take(12) == b"RFB 003.008\n"
        console.send(b"RFB 003.008\n")
        (count,) = console.take(1)
        kinds = console.take(count)
        assert 1 in kinds, f"QEMU wants a password: {kinds!r}"
        console.send(b"\1")
        assert console.take(4) == b"\0\0\0\0"
        console.send(b"\1")  # shared
        self.width, self.height = struct.unpack(">HH", console.take(4))
        console.take(16)
        (length,) = struct.unpack(">I", console.take(4))
        self.name = console.take(length).decode()
        console.send(struct.pack(">BxHi", 2, 1, 0))  # raw pixels only
        # 32 bits a pixel, whatever the screen has
        console.send(struct.pack(">BxxxBBBBHHHBBBxxx", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0))

    def picture(self) -> bytes:
        """All pixels, four bytes each."""
        self.console.send(struct.pack(">BBHHHH", 3, 0, 0, 0, self.width, self.height))
        pixels = bytearray(self.width * self.height * 4)
        left = self.width * self.height
        while left > 0:
            kind, count = struct.unpack(">BxH", self.console.take(4))
            assert kind == 0, kind
            for _ in range(count):
                x, y, width, height, encoding = struct.unpack(">HHHHi", self.console.take(12))
                assert encoding == 0, encoding
                for row in range(height):
                    start = ((y + row) * self.width + x) * 4
                    pixels[start : start + width * 4] = self.console.take(width * 4)
                left -= width * height
        return bytes(pixels)

    def key(self, *symbols: int) -> None:
        """Press them one after the other, then let go of all."""
        for symbol in symbols:
            self.console.send(struct.pack(">BBxxI", KEY_EVENT, 1, symbol))
        for symbol in reversed(symbols):
            self.console.send(struct.pack(">BBxxI", KEY_EVENT, 0, symbol))
