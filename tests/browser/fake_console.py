# SPDX-License-Identifier: Apache-2.0
"""A scripted stand-in for a console's program: a small VNC server with a picture, or one of the ways it fails.

What it does stands in the file ``RHV_FAKE_STATE`` with the ending ``.console``; keys that arrive are written beside it.
"""

from __future__ import annotations

import json
import os
import select
import struct
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import msg

STATE_FILE = Path(os.environ["RHV_FAKE_STATE"])
MODE, KEYS = STATE_FILE.with_suffix(".console"), STATE_FILE.with_suffix(".keys")
WIDTH, HEIGHT = 320, 200
#: Errors as the real program has them; the sentences are its own.
ERRORS = {
    "busy": RhvError(
        "serial.busy",
        msg("serial.busy", "Somebody else has this serial console open."),
        msg("serial.busy.hint", "It has room for one. Taking it over closes theirs."),
        "operation failed: Active console session exists for this domain",
    ),
    "none": RhvError(
        "console.none",
        msg("console.none", "The guest has no graphical console."),
        msg("console.none.hint", "Its definition has no VNC display. It may have a serial console."),
    ),
    "overdue": RhvError(
        "console.overdue",
        msg("console.overdue", "The guest's QEMU or libvirt does not answer."),
        msg("console.overdue.hint", "It may be stopped or wait for a disk. Try again in a moment."),
    ),
    "ended": RhvError("console.guest_ended", msg("console.guest_ended", "The guest is off now.")),
}


def mode() -> str:
    return MODE.read_text() if MODE.exists() else "picture"


def write(kind: bytes, content: bytes) -> None:
    os.write(1, struct.pack(">cI", kind, len(content)) + content)


def tell(**event: Any) -> None:
    write(b"J", json.dumps(event).encode())


def end(name: str) -> None:
    tell(event="end", error=ERRORS[name].to_json())
    raise SystemExit(0)


class Page:
    """What the page sends, as much as is wanted of it; follows the mode meanwhile."""

    def __init__(self) -> None:
        self._rest = b""
        self._silent = False

    def take(self, length: int) -> bytes:
        while len(self._rest) < length:
            if not select.select([0], [], [], 0.1)[0]:
                self._follow()
                continue
            chunk = os.read(0, 65_536)
            if not chunk:
                raise SystemExit(0)
            self._rest += chunk
        taken, self._rest = self._rest[:length], self._rest[length:]
        return taken

    def _follow(self) -> None:
        now = mode()
        if now in ERRORS:
            end(now)
        if now == "silent" and not self._silent:
            tell(event="silent", seconds=7)
        elif now != "silent" and self._silent:
            tell(event="answering")
        self._silent = now == "silent"


def pixels() -> bytes:
    """Bars, as a television's test picture; four bytes each, blue first."""
    bars = [0xC0C0C0, 0xC0C000, 0x00C0C0, 0x00C000, 0xC000C0, 0xC00000, 0x0000C0, 0x202020]
    row = b"".join(struct.pack("<I", bars[x * len(bars) // WIDTH]) for x in range(WIDTH))
    return row * HEIGHT


def screen(page: Page) -> None:
    """Enough of RFB for noVNC."""
    write(b"D", b"RFB 003.008\n")
    page.take(12)
    write(b"D", b"\1\1")
    page.take(1)
    write(b"D", b"\0\0\0\0")
    page.take(1)
    head = struct.pack(">HHBBBBHHHBBBxxx", WIDTH, HEIGHT, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0)
    write(b"D", head + struct.pack(">I", 4) + b"fake")
    shown, layout = False, (16, 8, 0)
    while True:
        (kind,) = page.take(1)
        if kind == 0:
            layout = struct.unpack(">BBB", page.take(19)[13:16])
        elif kind == 2:
            (count,) = struct.unpack(">xH", page.take(3))
            page.take(4 * count)
        elif kind == 3:
            page.take(9)
            if not shown:
                shown = True
                rectangle = struct.pack(">BxHHHHHi", 0, 1, 0, 0, WIDTH, HEIGHT, 0)
                write(b"D", rectangle + in_layout(pixels(), layout))
        elif kind == 4:
            down, symbol = struct.unpack(">BxxI", page.take(7))
            with KEYS.open("a") as log:
                log.write(f"{'+' if down else '-'}{symbol:x}\n")
        elif kind == 5:
            page.take(5)
        elif kind == 6:
            (length,) = struct.unpack(">xxxi", page.take(7))
            page.take(abs(length))
        else:
            raise SystemExit(f"message {kind}")


def in_layout(data: bytes, shifts: tuple[int, ...]) -> bytes:
    """The pixels as the viewer wants them."""
    out = bytearray(len(data))
    for place, shift in zip((2, 1, 0), shifts):
        out[shift // 8 :: 4] = data[place::4]
    return bytes(out)


def serial(page: Page) -> None:
    """Sends back what comes in."""
    write(b"D", b"Debian GNU/Linux 13 web-1 ttyS0\r\n\r\nweb-1 login: ")
    while True:
        data = page.take(1)
        with KEYS.open("ab") as log:
            log.write(data)
        write(b"D", data)


def main() -> None:
    kind, take_over = sys.argv[1], sys.argv[3:] == ["take-over"]
    page = Page()
    now = mode()
    if now == "hang":
        page.take(1)
    if (
        now in ERRORS
        and not (now == "busy" and (take_over or kind == "vnc"))
        and not (now == "none" and kind == "serial")
    ):
        end(now)
    if take_over:
        MODE.write_text("picture")
    if now == "junk":
        os.write(1, b"Traceback (most recent call last)\n")
        time.sleep(5)
    if now == "crash":
        raise SystemExit(3)
    tell(event="open")
    (screen if kind == "vnc" else serial)(page)


main()
