# SPDX-License-Identifier: Apache-2.0
"""Reading a serial log that grows, is cut off and is begun anew."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines.serial_log import PIECE, read_piece

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "serial.log"


def test_a_log_that_grows_is_read_on(log: Path) -> None:
    log.write_bytes(b"one\n")
    first = read_piece(log, 0)
    assert first == ("one\n", 4)
    assert read_piece(log, 4) == ("", 4)
    log.write_bytes(b"one\ntwo\n")
    assert read_piece(log, 4) == ("two\n", 8)


def test_a_character_in_two_parts_is_waited_for(log: Path) -> None:
    whole = "größe".encode()
    log.write_bytes(whole[:3])
    text, offset = read_piece(log, 0)
    assert (text, offset) == ("gr", 2)
    log.write_bytes(whole)
    assert read_piece(log, offset) == ("öße", len(whole))


def test_bytes_that_are_no_text_do_not_stop_it(log: Path) -> None:
    log.write_bytes(b"a\xff\xfeb")
    assert read_piece(log, 0) == ("a\ufffd\ufffdb", 4)


def test_a_long_log_begins_with_the_start_of_a_line_near_its_end(log: Path) -> None:
    log.write_bytes(b"".join(b"line %06d\n" % number for number in range(100_000)))
    text, offset = read_piece(log, 0)
    assert text.startswith("line ")
    assert text.endswith("line 099999\n")
    assert PIECE - 12 < len(text) <= PIECE
    assert offset == log.stat().st_size


def test_a_log_begun_anew_is_read_from_its_start(log: Path) -> None:
    log.write_bytes(b"new\n")
    assert read_piece(log, 4000) == ("new\n", 4)


def test_what_is_no_file_is_refused(log: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")  # opening one would block
    for path in (log, tmp_path, tmp_path / "fifo"):
        with pytest.raises(RhvError) as caught:
            read_piece(path, 0)
        assert caught.value.code == "serial.unreadable"
