# SPDX-License-Identifier: Apache-2.0
"""Addresses of guests from files of this host, whatever those hold."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.machines.addresses import AddressBook, addresses_of, read_addresses
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAC = "52:54:00:aa:bb:cc"
NEIGHBOURS = f"""IP address       HW type     Flags       HW address            Mask     Device
192.0.2.84       0x1         0x0         00:00:00:00:00:00     *        eth0
192.0.2.10       0x1         0x2         {MAC}     *        virbr0
192.0.2.9        0x1         0x6         {MAC}     *        br0
192.0.2.1        0x1         0x2         02:fc:00:00:00:05     *        eth0
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "arp").write_text(NEIGHBOURS)
    (tmp_path / "leases").mkdir()
    return tmp_path


def read(files: Path) -> dict[str, tuple[str, ...]]:
    return read_addresses(files / "leases", files / "arp")


def lease(files: Path, bridge: str, *leases: Any) -> None:
    (files / "leases" / f"{bridge}.status").write_text(json.dumps(leases))


def test_a_neighbour_that_has_answered_is_known(files: Path) -> None:
    assert read(files) == {MAC: ("192.0.2.9", "192.0.2.10"), "02:fc:00:00:00:05": ("192.0.2.1",)}


def test_leases_count_until_they_expire(files: Path) -> None:
    soon, past = int(time.time()) + 3600, int(time.time()) - 5
    lease(
        files,
        "virbr0",
        {"ip-address": "198.51.100.7", "mac-address": MAC.upper(), "expiry-time": soon},
        {"ip-address": "198.51.100.8", "mac-address": MAC, "expiry-time": past},
        {"ip-address": "2001:db8::7", "mac-address": MAC, "expiry-time": 0},
    )
    (files / "leases" / "virbr1.status").write_text("")  # before its first lease
    assert read(files)[MAC] == ("192.0.2.9", "192.0.2.10", "198.51.100.7", "2001:db8::7")


def test_a_guest_has_the_addresses_of_its_cards(files: Path) -> None:
    known = read(files)
    assert addresses_of(("02:FC:00:00:00:05", "52:54:00:00:00:00", MAC), known) == (
        "192.0.2.1",
        "192.0.2.9",
        "192.0.2.10",
    )
    assert addresses_of((), known) == ()


def test_without_the_files_nothing_is_known(tmp_path: Path) -> None:
    assert read(tmp_path) == {}


VALUES: st.SearchStrategy[Any] = st.sampled_from([None, 0, "", MAC, "192.0.2.1", "no address", [], {}])
LEASES = st.lists(VALUES | st.dictionaries(st.sampled_from(["ip-address", "mac-address", "expiry-time"]), VALUES))


@given(st.binary(max_size=200) | (LEASES | VALUES).map(lambda value: json.dumps(value).encode()))
def test_no_content_is_more_than_no_address(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("host")
    (folder / "virbr0.status").write_bytes(data)
    (folder / "arp").write_bytes(b"header\n" + data)
    read_addresses(folder, folder / "arp")


class FakeWorkers:
    def __init__(self) -> None:
        self.calls: list[asyncio.Future[Any]] = []

    def submit(self, _function: Any) -> asyncio.Future[Any]:
        self.calls.append(asyncio.get_running_loop().create_future())
        return self.calls[-1]


async def test_a_folder_that_does_not_answer_is_read_once() -> None:
    workers = FakeWorkers()
    book = AddressBook(workers)  # type: ignore[arg-type]
    for _ in range(3):
        book.refresh()
    assert len(workers.calls) == 1
    known: Mapping[str, tuple[str, ...]] = {MAC: ("192.0.2.9",)}
    workers.calls[0].set_result(known)
    await asyncio.sleep(0)
    assert book.known == known
    book.refresh()
    workers.calls[1].set_exception(OSError("gone"))
    await asyncio.sleep(0)
    assert book.known == {}
