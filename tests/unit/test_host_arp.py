# SPDX-License-Identifier: Apache-2.0
"""ARP probes, byte by byte and over a real wire, and what a bridge has learned."""

from __future__ import annotations

import os
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.host.arp import arp_probe, reply_from
from cockpit_rhv.host.bridge_table import seen_macs
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WANTED = bytes([192, 0, 2, 20])
MAC = bytes.fromhex("525400aabbcc")
HEAD = bytes.fromhex("0001080006040002")


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@pytest.fixture(scope="module")
def wire() -> Iterator[str]:
    """An interface of this machine without an address; on its other end a machine that has 192.0.2.20."""
    if os.geteuid() != 0:
        pytest.skip("only root may make a wire")
    name = f"rhvarp{os.getpid() % 100000}"
    ip("netns", "add", name)
    try:
        ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("-n", name, "link", "set", "eth0", "address", MAC.hex(":"))
        ip("-n", name, "address", "add", "192.0.2.20/24", "dev", "eth0")
        ip("-n", name, "link", "set", "eth0", "up")
        ip("link", "set", name, "up")
        yield name
    finally:
        ip("netns", "delete", name)


def test_who_is_there_answers_without_an_address_of_ours(wire: str) -> None:
    began = time.monotonic()
    assert arp_probe(wire, "192.0.2.20") == MAC.hex(":")
    assert time.monotonic() - began < 0.7


def test_nobody_there_is_known_within_a_second(wire: str) -> None:
    began = time.monotonic()
    assert arp_probe(wire, "192.0.2.21") is None
    assert time.monotonic() - began < 10


def test_a_device_that_is_down_or_not_there_cannot_be_asked(wire: str) -> None:
    with pytest.raises(OSError, match="nosuchdevice"):
        arp_probe("nosuchdevice", "192.0.2.20")
    ip("link", "set", wire, "down")
    try:
        with pytest.raises(OSError, match="down"):
            arp_probe(wire, "192.0.2.20")
    finally:
        ip("link", "set", wire, "up")


def test_replies() -> None:
    assert reply_from(HEAD + MAC + WANTED + bytes(10), WANTED) == "52:54:00:aa:bb:cc"
    assert reply_from(HEAD + MAC + WANTED + bytes(10) + b"padding", WANTED) == "52:54:00:aa:bb:cc"
    assert reply_from(HEAD[:-1] + b"\x01" + MAC + WANTED + bytes(10), WANTED), "a question from that address"
    for other in (
        HEAD + MAC + bytes([192, 0, 2, 21]) + bytes(10),
        HEAD[:-1] + b"\x09" + MAC + WANTED + bytes(10),
        HEAD[:4] + b"\x08\x04\x00\x02" + MAC + WANTED + bytes(10),
        HEAD + MAC + WANTED,
        HEAD[:-1] + b"\x01" + MAC + bytes(4) + bytes(6) + WANTED,
    ):
        assert reply_from(other, WANTED) is None, other.hex()


@given(st.binary(max_size=64))
def test_no_packet_is_too_odd(packet: bytes) -> None:
    reply_from(packet, WANTED)


def test_what_is_no_bridge_has_seen_nobody(tmp_path: Path) -> None:
    assert seen_macs("br9", tmp_path) == frozenset()
