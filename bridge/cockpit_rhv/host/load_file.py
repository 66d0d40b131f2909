# SPDX-License-Identifier: Apache-2.0
"""The load of the last minutes in a file: whoever samples leaves it there, and whoever begins to goes on from it.

``/run/cockpit-rhv/load.json``, 0644 as `/proc` is. The agent writes it at all times, else the helper of an open page.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .files import read_optional

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

logger = logging.getLogger(__name__)

_VERSION = 1
_BOOT = "proc/sys/kernel/random/boot_id"
#: Of definition ``LoadPoint``, beside its time; those of the second line are missing in a first sample.
_ALWAYS = ("memory_mib", "swap_mib")
_RATES = ("user", "system", "waiting", "read_bps", "written_bps", "received_bps", "sent_bps")


def load_path() -> Path:
    """Where it lies; ``COCKPIT_RHV_LOAD`` for tests."""
    return Path(os.environ.get("COCKPIT_RHV_LOAD", "/run/cockpit-rhv/load.json"))


class PastPoint(NamedTuple):
    """``at``: monotonic seconds, which go on from process to process within one boot. ``values``: without a time."""

    at: float
    values: Mapping[str, Any]


class LoadFile:
    """``writable``: whether we may replace it; who may not only reads."""

    def __init__(self, path: Path, writable: bool, root: Path = Path("/")) -> None:
        self._path = path
        self._writable = writable
        self._boot = read_optional(root / _BOOT)
        self._failed = False

    def read(self, begin: float, end: float) -> list[PastPoint]:
        """What was sampled between two moments, the oldest first; nothing of another boot, nor of a damaged file."""
        try:
            told = json.loads(self._path.read_text(encoding="ascii"))
            if self._boot is None or (told["version"], told["boot"]) != (_VERSION, self._boot):
                return []
            points = sorted(map(_point, told["points"]), key=lambda point: point.at)
        except FileNotFoundError:
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            logger.warning("%s is not read: %s", self._path, error)
            return []
        return [point for point in points if begin <= point.at < end]

    def write(self, points: Sequence[PastPoint]) -> None:
        """Replace it. A file that cannot be written is only logged, once: it serves a display."""
        if not self._writable or self._boot is None:
            return
        text = json.dumps(
            {"version": _VERSION, "boot": self._boot, "points": [{"at": point.at, **point.values} for point in points]},
            separators=(",", ":"),
        )
        temporary = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            self._path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            temporary.write_text(text, encoding="ascii")
            temporary.chmod(0o644)
            os.replace(temporary, self._path)
            self._failed = False
        except OSError as error:
            if not self._failed:
                logger.warning("%s is not written: %s", self._path, error)
            self._failed = True


def _point(told: Mapping[str, Any]) -> PastPoint:
    """Raises KeyError, TypeError, ValueError for what we did not write."""
    names = (*_ALWAYS, *(name for name in _RATES if name in told))
    values = {name: told[name] for name in names}
    for value in (told["at"], *values.values()):
        # A Boolean is a number to Python; what is not finite is none to JSON.
        if type(value) not in (int, float) or not 0 <= value < 2**63:
            raise ValueError(f"no figure: {value!r}")
    return PastPoint(float(told["at"]), values)
