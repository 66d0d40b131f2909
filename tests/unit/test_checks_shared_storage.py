# SPDX-License-Identifier: Apache-2.0
"""The storage test as a check of the preflight: the worst step speaks, and what the answers say is what is tried."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks.context import Context, Probes
from cockpit_rhv.checks.disk_file import check_disk_free
from cockpit_rhv.checks.shared_storage import check_shared, storage_document
from cockpit_rhv.checks.storage import check_path, check_space
from cockpit_rhv.messages import msg
from cockpit_rhv.storage.document import read_document
from cockpit_rhv.storage.logical import Volume
from cockpit_rhv.storage.steps import Found, Report, Step, StepResult

from tests.unit import deploy_support as world

if TYPE_CHECKING:
    from collections.abc import Mapping

MOUNT = Step(
    "mount", msg("t.mount", "It can be mounted"), msg("t.why", "Why"), lambda: Found("ok", msg("t.ok", "Yes."))
)


ROOT = Step("root", msg("t.root", "Root's rights"), msg("t.why", "Why"), lambda: Found("ok", msg("t.ok", "Yes.")))


def context(*found: Found | StepResult, asked: list[Any] | None = None, **changes: Any) -> Context:
    """A planned engine on NFS whose test finds this."""
    given = {"kind": "nfs", "server": "nas.example.com", "export": "/srv/rhv", "nfs_version": "auto", **changes}

    def tried(document: Mapping[str, Any], need_gib: float) -> Report:
        if asked is not None:
            asked.append((dict(document), need_gib))
        return Report(document, [one if isinstance(one, StepResult) else StepResult(MOUNT, one, 0.1) for one in found])

    answers = world.changed(world.answers(), {f"storage.{name}": value for name, value in given.items()})
    return Context(answers, probes=Probes(try_storage=tried))


GOOD = Found("ok", msg("t.good", "Mounted."), [("mount", "vers=4.2")])
BAD = Found("error", msg("t.bad", "The server refuses."), [("mount", "access denied")], msg("t.do", "Export it."))
SLOW = Found("warning", msg("t.slow", "It is slow."))


@pytest.fixture(autouse=True)
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)


def test_what_is_tried_is_what_the_answers_say() -> None:
    asked: list[Any] = []
    outcome = check_shared(context(GOOD, asked=asked, mount_options="hard,nconnect=4", nfs_version="4.1"))
    assert outcome.severity == "ok"
    document, need_gib = asked[0]
    assert document == {
        "type": "nfs",
        "server": "nas.example.com",
        "path": "/srv/rhv",
        "version": "4.1",
        "options": "hard,nconnect=4",
    }
    assert need_gib == 10
    read_document(document)  # the test takes it


@pytest.mark.parametrize(
    ("found", "severity", "text"),
    [((GOOD, SLOW), "warning", "It is slow."), ((GOOD, SLOW, BAD), "error", "The server refuses.")],
)
def test_the_worst_step_speaks(found: tuple[Found, ...], severity: str, text: str) -> None:
    outcome = check_shared(context(*found))
    assert (outcome.severity, str(outcome.summary)) == (severity, text)
    assert len(outcome.evidence) == len(found)


def test_its_remedy_and_evidence_are_the_steps() -> None:
    outcome = check_shared(context(GOOD, BAD))
    assert str(outcome.remedy) == "Export it."
    assert outcome.evidence[1].value == "error (t.bad); mount: access denied"


def test_an_engine_needs_roots_rights() -> None:
    """A warning for a pool of guests' disks: libvirt makes those as QEMU's user. The engine's are root's work."""
    squashed = StepResult(ROOT, Found("warning", msg("t.squashed", "Squashed.")), 0.1)
    outcome = check_shared(context(GOOD, squashed, SLOW))
    assert (outcome.severity, str(outcome.summary)) == ("error", "Squashed.")
    assert "no_root_squash" in str(outcome.remedy)
    assert len(outcome.evidence) == 3


def test_roots_rights_that_nobody_knows_are_not_called_squashed() -> None:
    outcome = check_shared(context(GOOD, StepResult(ROOT, Found("unknown", msg("t.crash", "The probe ended.")), 0.1)))
    assert (outcome.severity, str(outcome.summary), outcome.remedy) == ("unknown", "The probe ended.", None)


def test_another_error_speaks_before_roots_rights() -> None:
    outcome = check_shared(context(StepResult(ROOT, Found("warning", msg("t.squashed", "Squashed.")), 0.1), BAD))
    assert str(outcome.summary) == "The server refuses."


def test_roots_rights_that_were_not_tried_say_nothing() -> None:
    skipped = StepResult(ROOT, Found("skipped", msg("t.skipped", "Not tried.")), 0.1)
    assert check_shared(context(GOOD, skipped)).severity == "ok"


def test_nobody_but_root_can_try(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert check_shared(context(GOOD)).severity == "unknown"


def test_a_directory_is_judged_by_its_own_checks_and_an_export_is_not() -> None:
    assert check_shared(context(BAD, kind="directory")).severity == "not_applicable"
    assert check_path(context()).severity == "not_applicable"
    assert check_space(context()).severity == "not_applicable"


def test_the_document_fits_the_schema_without_the_optional_answers() -> None:
    read_document(storage_document(context()))


# -- a volume group ---------------------------------------------------------------------------------------------------

SPACE = Step("space", msg("t.space", "Room"), msg("t.why", "Why"), lambda: Found("ok", msg("t.ok", "Yes.")))
OTHERS = Found("warning", msg("storage.lvm.volumes", "It holds 2 volumes: a, b"))
LUNS = Found("warning", msg("storage.lvm.shared", "The group lies on LUNs that other hosts may reach: /dev/sda"))
FULL = StepResult(SPACE, Found("error", msg("t.full", "Too little.")), 0.1)


def group(*found: Found | StepResult, own: bool = False, **probes: Any) -> Context:
    """A planned engine on the group vg0. ``own``: an unfinished deployment has made its volume."""
    plain = context(*found, kind="lvm", volume_group="vg0")
    plain.own_volumes = frozenset({"vg0/rhv-HostedEngine"} if own else set())
    plain.probes = dataclasses.replace(plain.probes, **probes)
    return plain


def volume(ours: bool) -> Volume:
    return Volume("vg0", "rhv-HostedEngine", 2**30, True, ours)


def test_a_group_with_volumes_of_others_is_fine() -> None:
    assert storage_document(group()) == {"type": "lvm", "volume_group": "vg0"}
    read_document(storage_document(group()))
    outcome = check_shared(group(GOOD, OTHERS))
    assert (outcome.severity, outcome.summary.id) == ("ok", "checks.shared.group")
    assert check_shared(group(GOOD, OTHERS, SLOW)).severity == "warning"


def test_a_group_that_other_hosts_can_reach_is_refused() -> None:
    outcome = check_shared(group(GOOD, OTHERS, LUNS))
    assert (outcome.severity, outcome.summary.id) == ("error", "storage.lvm.shared")
    assert "this host" not in str(outcome.summary)
    assert outcome.remedy


def test_a_group_that_the_own_volume_has_filled_is_not_full() -> None:
    assert check_shared(group(GOOD, FULL)).severity == "error"
    assert check_shared(group(GOOD, FULL, own=True, find_volume=lambda _place: volume(True))).severity == "ok"
    for found in (None, volume(False)):
        assert (
            check_shared(group(GOOD, FULL, own=True, find_volume=lambda _place, found=found: found)).severity == "error"
        )


def test_the_name_of_the_volume_must_be_free_or_ours() -> None:
    for found, own, severity in (
        (None, False, "ok"),
        (volume(True), True, "ok"),
        (volume(True), False, "error"),
        (volume(False), True, "error"),
    ):
        outcome = check_disk_free(group(own=own, find_volume=lambda _place, found=found: found))
        assert outcome.severity == severity
        assert outcome.summary.params["path"] == "/dev/vg0/rhv-HostedEngine"
