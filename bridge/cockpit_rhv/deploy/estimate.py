# SPDX-License-Identifier: Apache-2.0
"""How long the phases will take on a host that has not deployed anything yet: shipped figures, scaled by a probe."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from .vm import kvm_usable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..jobs.model import PhaseSpec

#: What :func:`_work` takes where the shipped figures were measured (docs/performance.md): 2 cores, emulated guests.
_REFERENCE_S = 0.0235
_TRIES = 3
#: A guest with hardware virtualization and two vCPUs against an emulated one with one. An estimate: no such machine has
#: been measured yet.
_VIRTUALIZED = 0.2
_SLOWEST, _FASTEST = 20.0, 0.2


def scaled(phases: Sequence[PhaseSpec], speed: float | None = None, kvm: bool | None = None) -> tuple[PhaseSpec, ...]:
    """The phases with ``expected_s`` as this host is likely to need. Takes 50 to 100 ms unless ``speed`` is given.

    ``speed``: this host's time for the probe's work over the reference's. ``kvm``: guests are not emulated.
    """
    factor = slowness() if speed is None else speed
    virtualized = kvm_usable() if kvm is None else kvm
    factors = {"none": 1.0, "cpu": factor, "guest": factor * (_VIRTUALIZED if virtualized else 1.0)}
    return tuple(
        dataclasses.replace(phase, expected_s=round(phase.expected_s * factors.get(phase.scale, 1.0), 3))
        for phase in phases
    )


def slowness() -> float:
    """1.0 for a host as fast as the reference, 2.0 for one that needs twice the time; the best of three tries."""
    best = min(_work() for _ in range(_TRIES))
    return min(_SLOWEST, max(_FASTEST, best / _REFERENCE_S))


def _work() -> float:
    # Branches and small integers, as an emulator's own work: hashing would run in special instructions of the CPU.
    began = time.perf_counter()
    value = 1
    for number in range(300_000):
        value = (value * 1103515245 + number) & 0xFFFFFFFF
    return time.perf_counter() - began
