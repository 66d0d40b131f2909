# SPDX-License-Identifier: Apache-2.0
"""Bytes, errors and losses of every interface, from one small file, and what two readings amount to."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Bytes a second below which a card counts as idle, so that broadcasts send nothing to the page.
IDLE_BYTES_S = 512


class Counters(NamedTuple):
    """Totals since the interface exists; bytes, else packets."""

    rx_bytes: int
    tx_bytes: int
    rx_errors: int
    tx_errors: int
    rx_dropped: int
    tx_dropped: int


class Reading(NamedTuple):
    """``at_s``: monotonic clock. ``counters``: by interface."""

    at_s: float
    counters: Mapping[str, Counters]


def read_counters(root: Path = Path("/")) -> Reading:
    """From /proc/net/dev, below two lines of headings. Raises OSError, or ValueError when it is something else."""
    found = {}
    for line in (root / "proc/net/dev").read_text("ascii", "replace").splitlines()[2:]:
        name, _, rest = line.rpartition(":")  # an alias has a colon of its own
        values = [int(value) for value in rest.split()]
        if len(values) < 12:
            raise ValueError(f"/proc/net/dev: {line!r}")
        found[name.strip()] = Counters(values[0], values[8], values[2], values[10], values[3], values[11])
    return Reading(time.monotonic(), found)


def traffic(before: Reading | None, now: Reading, name: str) -> dict[str, Any] | None:
    """Definition ``NetworkTraffic``; None for what is not counted. Rates in bytes a second, None when not known yet."""
    counted = now.counters.get(name)
    if counted is None:
        return None
    old = before.counters.get(name) if before else None
    elapsed_s = now.at_s - before.at_s if before else 0.0
    return {
        "received_bps": _rate(old and old.rx_bytes, counted.rx_bytes, elapsed_s),
        "sent_bps": _rate(old and old.tx_bytes, counted.tx_bytes, elapsed_s),
        "errors": counted.rx_errors + counted.tx_errors,
        "dropped": counted.rx_dropped + counted.tx_dropped,
    }


def _rate(before: int | None, after: int, elapsed_s: float) -> int | None:
    """To two digits; None when the interface is new or was counted anew."""
    if before is None or after < before or elapsed_s <= 0:
        return None
    rate = (after - before) / elapsed_s
    return 0 if rate < IDLE_BYTES_S else int(float(f"{rate:.1e}"))
