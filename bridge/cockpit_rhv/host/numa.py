# SPDX-License-Identifier: Apache-2.0
"""Memory nodes and huge pages, from sysfs: they are known even while libvirt is down."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .files import parse_id_list, read_optional, read_optional_int, read_text

if TYPE_CHECKING:
    from collections.abc import Mapping

_COUNTERS = (
    "free_hugepages",
    "nr_hugepages",
    "nr_hugepages_mempolicy",
    "nr_overcommit_hugepages",
    "resv_hugepages",
    "surplus_hugepages",
)


class HugePages(NamedTuple):
    """Of one page size, in pages."""

    total: int
    free: int


class NumaNode(NamedTuple):
    """``total_kib`` and ``free_kib`` of memory; ``distances`` to all nodes in their order; pages by size in KiB."""

    node_id: int
    cpus: tuple[int, ...]
    total_kib: int
    free_kib: int
    distances: tuple[int, ...]
    huge_pages: Mapping[int, HugePages]


def read_nodes(root: Path = Path("/")) -> list[NumaNode]:
    """Sorted by id; empty on a kernel without NUMA. Raises OSError."""
    folder = root / "sys/devices/system/node"
    found = sorted((int(path.name[4:]), path) for path in folder.glob("node[0-9]*"))
    return [_read_node(node_id, path) for node_id, path in found]


def _read_node(node_id: int, folder: Path) -> NumaNode:
    meminfo: dict[str, int] = {}
    for line in read_text(folder / "meminfo").splitlines():
        words = line.split()  # Node 0 MemTotal:       24684312 kB
        if len(words) >= 4:
            meminfo[words[2].rstrip(":")] = int(words[3])
    return NumaNode(
        node_id=node_id,
        cpus=tuple(parse_id_list(read_optional(folder / "cpulist") or "")),
        total_kib=meminfo["MemTotal"],
        free_kib=meminfo["MemFree"],
        distances=tuple(int(word) for word in (read_optional(folder / "distance") or "").split()),
        huge_pages={
            size: HugePages(
                read_optional_int(path / "nr_hugepages") or 0, read_optional_int(path / "free_hugepages") or 0
            )
            for size, path in _page_sizes(folder / "hugepages")
        },
    )


def read_huge_pages(root: Path = Path("/")) -> dict[int, dict[str, int]]:
    """Page size in KiB to the kernel's own counters (nr_hugepages, free_hugepages, …), in pages, of the whole host."""
    return {
        size: {
            name: value
            for name in _COUNTERS
            for value in (read_optional_int(path / name),)
            if value is not None
        }
        for size, path in _page_sizes(root / "sys/kernel/mm/hugepages")
    }  # fmt: skip


def _page_sizes(folder: Path) -> list[tuple[int, Path]]:
    prefix, suffix = "hugepages-", "kB"
    return sorted((int(path.name[len(prefix) : -len(suffix)]), path) for path in folder.glob(f"{prefix}*{suffix}"))
