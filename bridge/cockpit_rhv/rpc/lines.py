# SPDX-License-Identifier: Apache-2.0
"""JSON values over a byte stream, one a line, with limits in both directions."""

from __future__ import annotations

import asyncio
import json
import math
from typing import Any

from ..errors import RhvError
from ..messages import msg
from . import faults

#: Bytes of the longest line that is read. The page keeps its frames under 128 KiB; the rest is room for other askers.
READ_LIMIT = 1 << 20
#: Bytes of the longest line that is written, newline included: Cockpit's bridge slows down quadratically above 1 MB.
WRITE_LIMIT = 1_000_000


class LineChannel:
    """One peer. ``reader`` must have been made with ``limit=READ_LIMIT``."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()

    async def receive(self) -> Any:
        """The next value.

        Raises EOFError at the end of the stream (an unfinished last line counts as the end) and
        :class:`~.faults.RequestError` for a line that is too long or no JSON; the stream can be read on after that.
        """
        while True:
            line = await self._read_line()
            if line.strip():
                return parse(line)

    async def send(self, message: Any) -> None:
        """Write one value; returns when the peer has taken enough of it for the next one to be welcome.

        Raises :class:`RhvError` ``answer.too_long`` when the value is too long for a line, ConnectionError when the
        peer is gone.
        """
        line = encode(message)
        async with self._turn:
            self._writer.write(line)
            await self._writer.drain()

    async def _read_line(self) -> bytes:
        try:
            return await self._reader.readuntil(b"\n")
        except asyncio.IncompleteReadError as end:
            raise EOFError from end
        except asyncio.LimitOverrunError as overrun:
            await self._skip_line(overrun.consumed)
            raise faults.parse_error(f"a line of more than {READ_LIMIT} bytes") from overrun

    async def _skip_line(self, consumed: int) -> None:
        while True:
            try:
                await self._reader.readexactly(consumed)
                await self._reader.readuntil(b"\n")
            except asyncio.LimitOverrunError as overrun:
                consumed = overrun.consumed
            except asyncio.IncompleteReadError as end:
                raise EOFError from end
            else:
                return


def parse(line: bytes) -> Any:
    """A JSON value of UTF-8 text; raises :class:`~.faults.RequestError` for all else, NaN and Infinity too.

    A number too large for a float is refused with them: it would become infinite, and no answer could carry it back.
    """
    try:
        return json.loads(line.decode("utf-8"), parse_constant=_no_constant, parse_float=_finite)
    except ValueError as error:  # JSONDecodeError and UnicodeDecodeError
        raise faults.parse_error(str(error)) from error
    except RecursionError as error:
        raise faults.parse_error("nested too deeply") from error


def encode(message: Any) -> bytes:
    """ASCII JSON and a newline; raises ValueError for NaN, :class:`RhvError` ``answer.too_long`` above the limit."""
    line = json.dumps(message, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"
    if len(line) > WRITE_LIMIT:
        raise RhvError(
            "answer.too_long",
            msg("answer.too_long", "The answer is too long to be sent at once."),
            detail=f"{len(line)} bytes, at most {WRITE_LIMIT}",
        )
    return line


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number
