# SPDX-License-Identifier: Apache-2.0
"""First contact: the last whole line that makes sense, whatever a guest writes."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.deploy.first_contact import FirstContact, parse_line, read_last
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path

GOOD = {
    "version": 1,
    "ca_sha256": "ab" * 32,
    "fqdn": "engine.example.com",
    "addresses": ["192.0.2.20"],
    "engine_version": "0.1.0",
}
CONTACT = FirstContact("ab" * 32, "engine.example.com", ("192.0.2.20",), "0.1.0")


def line(**changes: Any) -> bytes:
    return json.dumps({**GOOD, **changes}).encode()


def test_a_line_as_the_contract_has_it() -> None:
    assert parse_line(line()) == CONTACT
    assert parse_line(line(added_later=1)) == CONTACT


@pytest.mark.parametrize("addresses", [[], "192.0.2.20", ["not an address", 5, None], ["fe80::1", "127.0.0.1"]])
def test_a_manager_that_has_no_address_yet_is_heard(addresses: Any) -> None:
    contact = parse_line(line(addresses=addresses))
    assert contact is not None
    assert contact.addresses == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 2},
        {"ca_sha256": "AB" * 32},
        {"ca_sha256": "ab" * 31},
        {"ca_sha256": None},
        {"fqdn": 5},
        {"fqdn": "x" * 300},
        {"engine_version": None},
    ],
)
def test_what_is_wrong_counts_as_nothing(changes: dict[str, Any]) -> None:
    assert parse_line(line(**changes)) is None


def test_addresses_that_lead_nowhere_are_left_out() -> None:
    contact = parse_line(line(addresses=["fe80::1", "192.0.2.20", "junk", "2001:db8::5"]))
    assert contact is not None
    assert contact.addresses == ("192.0.2.20", "2001:db8::5")


@given(st.binary(max_size=200))
def test_no_bytes_crash_it(data: bytes) -> None:
    assert parse_line(data) is None or data.startswith(b"{")


def test_nesting_for_ever_does_not_crash_it() -> None:
    assert parse_line(b"[" * 60000) is None


def test_the_last_whole_line_counts(tmp_path: Path) -> None:
    path = tmp_path / "contact"
    assert read_last(path) is None
    path.write_bytes(b"")
    assert read_last(path) is None
    path.write_bytes(line())
    assert read_last(path) is None, "half a line may still change"
    path.write_bytes(line() + b"\n" + line(addresses=["192.0.2.21"]) + b"\n" + line(addresses=["192.0.2.22"])[:-4])
    contact = read_last(path)
    assert contact is not None
    assert contact.addresses == ("192.0.2.21",)


def test_a_line_cut_by_a_restart_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "contact"
    path.write_bytes(line() + b"\n" + line()[:30] + line(addresses=["192.0.2.22"]) + b"\n")
    assert read_last(path) == CONTACT


def test_a_guest_that_writes_without_end_is_read_at_the_end_only(tmp_path: Path) -> None:
    path = tmp_path / "contact"
    path.write_bytes(os.urandom(3_000_000) + b"\n" + line() + b"\n")
    assert read_last(path) == CONTACT
    path.write_bytes(line() + b"\n" + b"x" * 3_000_000)
    assert read_last(path) is None
