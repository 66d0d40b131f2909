# SPDX-License-Identifier: Apache-2.0
"""Shipped figures scaled to this host: within bounds, and each phase by what it depends on."""

from __future__ import annotations

import pytest
from cockpit_rhv.deploy import estimate
from cockpit_rhv.deploy.estimate import scaled, slowness
from cockpit_rhv.deploy.profile import load_profile
from cockpit_rhv.jobs import PhaseSpec
from cockpit_rhv.messages import msg

PHASES = [PhaseSpec(scale, msg(scale, scale), 10.0, scale) for scale in ("none", "cpu", "guest", "moon")]


@pytest.mark.parametrize(
    ("speed", "kvm", "seconds"),
    [
        (1.0, False, [10, 10, 10, 10]),
        (2.0, False, [10, 20, 20, 10]),
        (0.5, False, [10, 5, 5, 10]),
        (1.0, True, [10, 10, 2.0, 10]),
        (2.0, True, [10, 20, 4, 10]),
    ],
)
def test_what_a_phase_depends_on_scales_it(speed: float, kvm: bool, seconds: list[float]) -> None:
    assert [phase.expected_s for phase in scaled(PHASES, speed, kvm)] == seconds
    assert [phase.expected_s for phase in PHASES] == [10.0] * 4, "the shipped figures stay"


@pytest.mark.parametrize(
    ("spent_s", "factor"),
    [([0.0], 0.2), ([1e-9], 0.2), ([3600.0], 20.0), ([0.0235], 1.0), ([0.047, 9.0, 9.0], 2.0)],
)
def test_a_host_is_never_out_of_all_proportion(
    monkeypatch: pytest.MonkeyPatch, spent_s: list[float], factor: float
) -> None:
    tries = iter(spent_s * 3)
    monkeypatch.setattr(estimate, "_work", lambda: next(tries))
    assert slowness() == pytest.approx(factor), "the best of three tries counts: another process is no slow host"


def test_what_is_not_given_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "slowness", lambda: 3.0)
    monkeypatch.setattr(estimate, "kvm_usable", lambda: True)
    assert [phase.expected_s for phase in scaled(PHASES)] == [10, 30, 6.0, 10]


def test_the_probe_works_here_and_is_short() -> None:
    assert 0.2 <= slowness() <= 20.0
    assert 0 < estimate._work() < 5


@pytest.mark.parametrize("operation", [None, "cleanup", "upgrade", "rollback"])
def test_every_shipped_phase_says_what_it_depends_on(operation: str | None) -> None:
    profile = load_profile("embedded")
    phases = profile.phases if operation is None else profile.operations[operation]
    assert {phase.scale for phase in phases} <= {"none", "cpu", "guest"}
    assert all(phase.expected_s > 0 for phase in phases)
