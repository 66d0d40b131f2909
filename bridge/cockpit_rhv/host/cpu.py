# SPDX-License-Identifier: Apache-2.0
"""The host's CPUs: model, topology, hardware virtualization."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from .files import parse_id_list, read_optional, read_optional_int, read_text


class CpuThread(NamedTuple):
    """One logical CPU, by the numbers of the kernel."""

    cpu_id: int
    socket_id: int
    die_id: int
    core_id: int


class CpuFacts(NamedTuple):
    """``sockets``, ``cores`` and ``threads`` are totals of what is online. ``virtualization_flag`` is vmx or svm."""

    model: str
    sockets: int
    cores: int
    threads: int
    virtualization_flag: str | None
    flags: tuple[str, ...]
    mhz: float | None
    topology: tuple[CpuThread, ...]


def read_cpu(root: Path = Path("/")) -> CpuFacts:
    """From /proc/cpuinfo and /sys/devices/system/cpu. Raises OSError when /proc/cpuinfo cannot be read."""
    first, listed = _read_cpuinfo(root)
    topology = tuple(_read_thread(root, cpu_id) for cpu_id in _online(root, listed))
    # ARM says "Features" and has no model name; "Hardware" names the board on some.
    flags = tuple((first.get("flags") or first.get("Features") or "").split())
    mhz = first.get("cpu MHz")
    return CpuFacts(
        model=" ".join((first.get("model name") or first.get("Hardware") or first.get("cpu") or "").split()),
        sockets=len({thread.socket_id for thread in topology}),
        cores=len({thread[1:] for thread in topology}),
        threads=len(topology),
        virtualization_flag=next((flag for flag in ("vmx", "svm") if flag in flags), None),
        flags=flags,
        mhz=None if mhz is None else float(mhz),
        topology=topology,
    )


def _read_cpuinfo(root: Path) -> tuple[dict[str, str], list[int]]:
    """Fields of the first CPU (the first value of each key wins) and the ids of all."""
    first: dict[str, str] = {}
    ids: list[int] = []
    for line in read_text(root / "proc/cpuinfo").splitlines():
        key, colon, value = line.partition(":")
        if colon:
            first.setdefault(key.strip(), value.strip())
            if key.strip() == "processor":
                ids.append(int(value))
    return first, ids


def _online(root: Path, listed: list[int]) -> list[int]:
    text = read_optional(root / "sys/devices/system/cpu/online")
    return listed if text is None else parse_id_list(text)


def _read_thread(root: Path, cpu_id: int) -> CpuThread:
    folder = root / f"sys/devices/system/cpu/cpu{cpu_id}/topology"
    socket, die, core = (
        read_optional_int(folder / name) for name in ("physical_package_id", "die_id", "core_id")
    )  # fmt: skip
    # Some virtual and ARM machines give -1 or nothing: then each CPU counts as a core of one socket.
    return CpuThread(cpu_id, max(socket or 0, 0), max(die or 0, 0), cpu_id if core is None or core < 0 else core)
