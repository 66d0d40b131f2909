# SPDX-License-Identifier: Apache-2.0
"""Pressure stall information: how much of the time programs waited for CPU, memory or disks."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from .files import read_text


class Pressure(NamedTuple):
    """Percent of the last 10 and 60 seconds in which some programs, or all at once (``full``), waited."""

    some_10: float
    some_60: float
    full_10: float
    full_60: float


def read_pressure(resource: str, root: Path = Path("/")) -> Pressure:
    """``resource``: cpu, memory or io. Raises OSError (ENOENT, EOPNOTSUPP) on a kernel without it."""
    found = {"some": (0.0, 0.0), "full": (0.0, 0.0)}
    for line in read_text(root / "proc/pressure" / resource).splitlines():
        kind, *fields = line.split()  # some avg10=0.00 avg60=0.12 avg300=0.05 total=12345
        values = dict(field.split("=", 1) for field in fields)
        found[kind] = float(values["avg10"]), float(values["avg60"])
    return Pressure(*found["some"], *found["full"])
