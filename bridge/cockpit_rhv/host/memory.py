# SPDX-License-Identifier: Apache-2.0
"""Memory of the host, in MiB."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .files import read_text

if TYPE_CHECKING:
    from collections.abc import Mapping


class MemoryFacts(NamedTuple):
    """All in MiB. ``available_mib`` is the kernel's own estimate of what a new process could get."""

    total_mib: int
    available_mib: int
    swap_total_mib: int
    swap_free_mib: int


def read_meminfo(root: Path = Path("/")) -> dict[str, int]:
    """/proc/meminfo as it is: sizes in KiB, the HugePages_ counts in pages. Raises OSError."""
    fields: dict[str, int] = {}
    for line in read_text(root / "proc/meminfo").splitlines():
        key, colon, value = line.partition(":")
        words = value.split()
        if colon and words:
            fields[key] = int(words[0])
    return fields


def memory_facts(meminfo: Mapping[str, int]) -> MemoryFacts:
    """From what :func:`read_meminfo` returned."""
    return MemoryFacts(
        total_mib=meminfo["MemTotal"] // 1024,
        available_mib=meminfo["MemAvailable"] // 1024,
        swap_total_mib=meminfo.get("SwapTotal", 0) // 1024,
        swap_free_mib=meminfo.get("SwapFree", 0) // 1024,
    )
