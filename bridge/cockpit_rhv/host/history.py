# SPDX-License-Identifier: Apache-2.0
"""The load of the last minutes: topic `load`."""

from __future__ import annotations

import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .disks import read_disks
from .files import read_optional, read_text
from .ksm import read_ksm
from .load_file import PastPoint
from .numa import read_huge_pages, read_nodes
from .pressure import read_pressure
from .samples import rates, take_sample

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .disks import DiskCounters
    from .load_file import LoadFile
    from .samples import CpuTimes, HostSample

#: Seconds between two samples, and how many are kept: twelve minutes.
STEP_S = 4.0
KEPT = 180


class _Reading(NamedTuple):
    sample: HostSample
    disks: Mapping[str, DiskCounters]


class LoadHistory:
    """Takes samples one after the other and keeps the last ones.

    ``file``: where those of others are found at the beginning, and ours are left.
    """

    def __init__(self, root: Path = Path("/"), file: LoadFile | None = None) -> None:
        self._root = root
        self._file = file
        self._turn = threading.Lock()
        self._points: deque[tuple[int, Mapping[str, Any]]] = deque(maxlen=KEPT)
        self._taken = 0
        self._began: float | None = None
        self._last: _Reading | None = None
        self._now: Mapping[str, Any] = {}

    def take(self) -> None:
        """Read everything once; some 3 ms. Raises OSError when /proc or /sys cannot be read, or still is being read."""
        if not self._turn.acquire(blocking=False):
            raise TimeoutError("the sample before has not come yet")
        try:
            self._take()
        finally:
            self._turn.release()

    def _take(self) -> None:
        reading = _Reading(take_sample(self._root), read_disks(self._root))
        nics = network_cards(reading.sample.nics, self._root)
        if self._began is None:
            self._begin(reading.sample.taken_at)
        self._taken += 1
        self._points.append((self._taken, self._point(reading, nics)))
        self._now = self._read_now(reading, nics)
        self._last = reading
        if self._file is not None:
            self._file.write([_past(point, self._began or 0.0) for _, point in self._points])

    def _begin(self, now: float) -> None:
        past = self._file.read(now - (KEPT - 1) * STEP_S, now) if self._file is not None else []
        self._began = past[0].at if past else now
        for at, values in past:
            self._taken += 1
            self._points.append((self._taken, {"at_s": round(at - self._began, 1), **values}))

    def to_json(self) -> dict[str, Any]:
        """Definition ``Load``; only after :meth:`take`."""
        return {
            "step_s": STEP_S,
            "kept": KEPT,
            "points": {str(number): point for number, point in self._points},
            **self._now,
        }

    def _point(self, reading: _Reading, nics: list[str]) -> dict[str, Any]:
        sample, last = reading.sample, self._last
        meminfo = sample.meminfo
        point: dict[str, Any] = {
            "at_s": round(sample.taken_at - (self._began or 0.0), 1),
            "memory_mib": (meminfo["MemTotal"] - meminfo["MemAvailable"]) // 1024,
            "swap_mib": (meminfo.get("SwapTotal", 0) - meminfo.get("SwapFree", 0)) // 1024,
        }
        if last is None:
            return point
        load = rates(last.sample, sample)

        def rate(before: Mapping[str, Any], after: Mapping[str, Any], names: Any, field: str) -> int:
            # What was not there before, or was counted anew, has nothing to compare with.
            grown: list[int] = [
                getattr(after[name], field) - getattr(before[name], field)
                for name in names
                if name in before and name in after
            ]
            return round(sum(max(value, 0) for value in grown) / load.interval_s)

        point.update(
            user=round(load.total.user, 1),
            system=round(load.total.system, 1),
            waiting=round(_waiting(last.sample.total, sample.total), 1),
            read_bps=rate(last.disks, reading.disks, reading.disks, "read"),
            written_bps=rate(last.disks, reading.disks, reading.disks, "written"),
            received_bps=rate(last.sample.nics, sample.nics, nics, "rx_bytes"),
            sent_bps=rate(last.sample.nics, sample.nics, nics, "tx_bytes"),
        )
        return point

    def _read_now(self, reading: _Reading, nics: list[str]) -> dict[str, Any]:
        meminfo = reading.sample.meminfo
        ksm = read_ksm(self._root)
        return {
            "memory": {
                "total_mib": meminfo["MemTotal"] // 1024,
                "swap_total_mib": meminfo.get("SwapTotal", 0) // 1024,
            },
            "uptime_s": int(float(read_text(self._root / "proc/uptime").split()[0])),
            "load_5min": float(reading.sample.load_5min),
            "disks": list(reading.disks),
            "nics": nics,
            "pressure": {name: self._pressure(name) for name in ("cpu", "memory", "io")},
            "ksm": ksm._asdict() if ksm else None,
            "huge_pages": [
                {"size_kib": size, "total": counters.get("nr_hugepages", 0), "free": counters.get("free_hugepages", 0)}
                for size, counters in read_huge_pages(self._root).items()
                if counters.get("nr_hugepages", 0) > 0
            ],
            "numa": [
                {
                    "node": node.node_id,
                    "cpus": len(node.cpus),
                    "total_mib": node.total_kib // 1024,
                    "free_mib": node.free_kib // 1024,
                }
                for node in read_nodes(self._root)
            ],
        }

    def _pressure(self, name: str) -> dict[str, float] | None:
        try:
            return read_pressure(name, self._root)._asdict()
        except OSError:
            return None  # EL kernels have the files and refuse to be read, others have none


def _past(point: Mapping[str, Any], began: float) -> PastPoint:
    return PastPoint(round(began + point["at_s"], 1), {name: value for name, value in point.items() if name != "at_s"})


def _waiting(old: CpuTimes, new: CpuTimes) -> float:
    # Against all ticks that passed: iowait alone knows nothing of how many CPUs there are.
    passed = sum(new) - sum(old)
    return 100 * max(new.iowait - old.iowait, 0) / passed if passed > 0 else 0.0


def network_cards(nics: Mapping[str, Any], root: Path = Path("/")) -> list[str]:
    """What connects the host to its networks: its cards, not what is built upon them, or bytes would count twice.

    Without any (a container has none) the interfaces that nothing on this host is behind.
    """
    folder = root / "sys/class/net"
    cards = sorted(name for name in nics if (folder / name / "device").exists())
    return cards or sorted(name for name in nics if name != "lo" and not _is_built(folder / name))


def _is_built(device: Path) -> bool:
    built = any((device / part).exists() for part in ("bridge", "bonding", "tun_flags"))
    return built or "DEVTYPE=" in (read_optional(device / "uevent") or "")
