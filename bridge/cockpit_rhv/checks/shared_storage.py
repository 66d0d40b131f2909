# SPDX-License-Identifier: Apache-2.0
"""The shared storage of a planned engine, tried before anything is committed: its test's steps, told as one check."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ..messages import msg
from ..storage.engine_folder import MOUNTED_KINDS
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
_SQUASHED = msg(
    "checks.shared.squashed.remedy",
    "Export it with no_root_squash to this host, or with all_squash and QEMU's user as anonuid.",
)


def storage_document(context: Context) -> dict[str, Any]:
    """The answers as a document of ``schemas/storage.json``."""
    return {
        "type": "nfs",
        "server": context.answer("storage.server"),
        "path": context.answer("storage.export"),
        "version": context.answer("storage.nfs_version", "auto"),
        "options": context.answer("storage.mount_options", "") or "",
    }


def check_shared(context: Context) -> Outcome:
    """The worst step speaks; all that were done are its evidence."""
    if context.answer("storage.kind") not in MOUNTED_KINDS:
        return Outcome(NOT_APPLICABLE, msg("checks.shared.none", "The disk lies on this host."))
    if os.geteuid() != 0:
        text = msg("checks.shared.denied", "Only an administrator can try to mount it.")
        return Outcome(UNKNOWN, text, (), msg("checks.shared.denied.remedy", "Turn on administrative access."))
    # The disk of this very deployment has taken its room already.
    need_gib = 0.0 if context.own_domain() is not None else float(context.answer("engine.disk_gib"))
    report = context.probes.try_storage(storage_document(context), need_gib)
    evidence = [_evidence(result) for result in report.results]
    squashed = next((result for result in report.results if _is_squashed(result)), None)
    if squashed is not None and report.verdict != ERROR:
        return Outcome(ERROR, squashed.found.summary, evidence, _SQUASHED)
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
        msg("checks.shared.title", "Shared storage"),
        msg(
            "checks.shared.why",
            "What is wrong with a storage is found in seconds by trying it, and undone; twenty minutes later it costs "
            "the deployment.",
        ),
        check_shared,
        needs_answers=True,
        path="storage.server",
        limit_s=LIMIT_S,
    ),
)
