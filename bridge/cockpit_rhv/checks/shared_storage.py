# SPDX-License-Identifier: Apache-2.0
"""The storage of a planned engine, tried before anything is committed: its test's steps, told as one check."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any

from ..messages import msg
from ..storage.files import SQUASHED
from ..storage.steps import SKIPPED
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from ..storage.steps import StepResult
    from .context import Context

#: The test's own programs have limits; it ends within a minute and a half.
LIMIT_S = 100.0
#: The step about root's rights. A pool of guests' disks can do without: libvirt makes those as QEMU's user, while the
#: engine's are copied there, and proved, by root, and must be QEMU's afterwards.
ROOT = "root"
#: The answer that a remedy would change, by kind.
_FIELDS = {"nfs": "storage.server", "lvm": "storage.volume_group"}
SPACE = "space"
_SHARED = msg(
    "checks.shared.group_shared.remedy",
    "Another host could run the engine from there a second time: choose another group.",
)


def storage_document(context: Context) -> dict[str, Any]:
    """The answers as a document of ``schemas/storage.json``."""
    if context.answer("storage.kind") == "lvm":
        return {"type": "lvm", "volume_group": context.answer("storage.volume_group")}
    return {
        "type": "nfs",
        "server": context.answer("storage.server"),
        "path": context.answer("storage.export"),
        "version": context.answer("storage.nfs_version", "auto"),
        "options": context.answer("storage.mount_options", "") or "",
    }


def check_shared(context: Context) -> Outcome:
    """The worst step speaks; all that were done are its evidence."""
    kind = context.answer("storage.kind", "directory")
    if kind == "directory":
        return Outcome(NOT_APPLICABLE, msg("checks.shared.none", "The disk lies in a directory of this host."))
    if os.geteuid() != 0:
        text = msg("checks.shared.denied", "Only an administrator can try the storage.")
        return Outcome(UNKNOWN, text, (), msg("checks.shared.denied.remedy", "Turn on administrative access."))
    return dataclasses.replace(_tried(context, kind), path=_FIELDS.get(kind))


def _tried(context: Context, kind: str) -> Outcome:
    # The disk of this very deployment has taken its room already.
    held = _holds_volume(context) if kind == "lvm" else context.own_domain() is not None
    report = context.probes.try_storage(
        storage_document(context), 0.0 if held else float(context.answer("engine.disk_gib"))
    )
    evidence = [_evidence(result) for result in report.results]
    if held and kind == "lvm":
        # A group that the volume has filled is no fault.
        report.results = [result for result in report.results if result.step.id != SPACE]
    squashed = next((result for result in report.results if _is_squashed(result)), None)
    if squashed is not None and report.verdict != ERROR:
        return Outcome(ERROR, squashed.found.summary, evidence, SQUASHED)
    shared = next((result for result in report.results if result.found.summary.id == "storage.lvm.shared"), None)
    if shared is not None and report.verdict != ERROR:
        return Outcome(ERROR, shared.found.summary, evidence, _SHARED)
    if report.verdict in (OK, WARNING) and kind == "lvm" and all(_is_fine(result) for result in report.results):
        group = context.answer("storage.volume_group")
        return Outcome(OK, msg("checks.shared.group", "The volume group {name} has room.", name=group), evidence)
    if report.verdict == OK:
        text = msg(
            "checks.shared.ok",
            "{server} lets this host mount {export}, and QEMU can write to it.",
            server=context.answer("storage.server"),
            export=context.answer("storage.export"),
        )
        return Outcome(OK, text, evidence)
    worst = next(result for result in report.results if result.found.severity == report.verdict)
    return Outcome(report.verdict, worst.found.summary, evidence, worst.found.remedy)


def _holds_volume(context: Context) -> bool:
    place = context.engine_volume()
    if place is None or place not in context.own_volumes:
        return False
    volume = context.probes.find_volume(place)
    return volume is not None and volume.ours


def _is_fine(result: StepResult) -> bool:
    # Volumes that are in a group already stay there: the engine's disk is one more.
    return result.found.severity in (OK, SKIPPED) or result.found.summary.id == "storage.lvm.volumes"


def _is_squashed(result: StepResult) -> bool:
    # What could not be found out is no squashed root: it speaks for itself.
    return result.step.id == ROOT and result.found.severity == WARNING


def _evidence(result: StepResult) -> Evidence:
    # Verbatim and in nobody's language, as evidence is: names of steps and sentences, and what was read.
    read = [f"{source}: {value}" for source, value in result.found.evidence]
    said = "; ".join([f"{result.found.severity} ({result.found.summary.id})", *read])
    return Evidence(f"cockpit-rhv storage test: {result.step.id}", said)


CHECKS = (
    Check(
        "storage.shared",
        msg("checks.shared.title", "Storage test"),
        msg(
            "checks.shared.why",
            "What is wrong with a storage is found in seconds by trying it, and undone; twenty minutes later it costs "
            "the deployment.",
        ),
        check_shared,
        needs_answers=True,
        path="storage.kind",
        limit_s=LIMIT_S,
    ),
)
