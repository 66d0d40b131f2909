# SPDX-License-Identifier: Apache-2.0
"""Kernel samepage merging: equal pages of guests kept once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from .files import read_optional_int

_PAGE = os.sysconf("SC_PAGE_SIZE")


class KsmFacts(NamedTuple):
    """``saved_mib``: what guests would need more without it."""

    running: bool
    saved_mib: float


def read_ksm(root: Path = Path("/")) -> KsmFacts | None:
    """None on a kernel that cannot. Raises nothing."""
    folder = root / "sys/kernel/mm/ksm"
    run = read_optional_int(folder / "run")
    if run is None:
        return None
    return KsmFacts(run == 1, round((read_optional_int(folder / "pages_sharing") or 0) * _PAGE / 2**20, 1))
