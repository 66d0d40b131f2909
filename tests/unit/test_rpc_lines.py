# SPDX-License-Identifier: Apache-2.0
"""One JSON value a line, with limits both ways."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.rpc import lines
from cockpit_rhv.rpc.faults import RequestError


async def receive_all(data: bytes, limit: int = lines.READ_LIMIT) -> list[Any]:
    """Values, and the errors in between, of a stream that ends after ``data``."""
    reader = asyncio.StreamReader(limit=limit)
    reader.feed_data(data)
    reader.feed_eof()
    channel = lines.LineChannel(reader, None)  # type: ignore[arg-type]  # nothing is written here
    received: list[Any] = []
    while True:
        try:
            received.append(await channel.receive())
        except RequestError as error:
            received.append(error.code)
        except EOFError:
            return received


async def test_values_come_one_a_line_and_empty_lines_are_nothing() -> None:
    assert await receive_all(b'{"a":1}\n\n  \r\n[2]\n"\xc3\xa4"\n') == [{"a": 1}, [2], "ä"]


@pytest.mark.parametrize("garbage", [b"{", b"\xff\xfe", b"NaN", b"[Infinity]", b"\x00", b"{}{}", b"[" * 100_000])
async def test_garbage_is_refused_and_the_next_line_is_read(garbage: bytes) -> None:
    assert await receive_all(garbage + b"\n1\n") == ["request.unreadable", 1]


@pytest.mark.parametrize("length", [1000, 1001, 2000, 2001, 5000])
async def test_a_line_that_is_too_long_is_skipped_however_long(length: int) -> None:
    assert await receive_all(b"1" * length + b"\n2\n", limit=999) == ["request.unreadable", 2]


async def test_an_unfinished_line_is_the_end() -> None:
    assert await receive_all(b"1\n2") == [1]
    assert await receive_all(b"1\n" + b"2" * 3000, limit=999) == [1]


def test_what_is_written_is_ascii_and_has_a_limit() -> None:
    assert lines.encode({"text": "ä\n\u2028"}) == b'{"text":"\\u00e4\\n\\u2028"}\n'
    with pytest.raises(ValueError, match="Out of range"):
        lines.encode(float("nan"))
    assert len(lines.encode("x" * (lines.WRITE_LIMIT - 3))) == lines.WRITE_LIMIT
    with pytest.raises(RhvError) as caught:
        lines.encode("x" * (lines.WRITE_LIMIT - 2))
    assert caught.value.code == "answer.too_long"
