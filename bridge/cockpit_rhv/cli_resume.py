# SPDX-License-Identifier: Apache-2.0
"""``resume`` with other answers or a new password."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .cli_answers import apply_settings, merge, password_from, read_answers
from .deploy.profile import load_profile
from .deploy.resume import deployment_answers, plan_resume, resume_deployment
from .messages import msg

if TYPE_CHECKING:
    import argparse

    from .cli_terminal import Terminal
    from .jobs import JobStore


def resume_with_answers(terminal: Terminal, arguments: argparse.Namespace, job_id: str, store: JobStore) -> None:
    """Show what changes and what is done again, and start it. Raises RhvError as the library does."""
    before = deployment_answers(job_id, store)
    given = read_answers(arguments.answers) if arguments.answers else {}
    apply_settings(given, arguments.set, load_profile(before["profile"]).schema)
    answers = merge(before["answers"], given)
    secrets = {}
    if arguments.admin_password_stdin:
        secrets["admin_password"] = password_from(0)
    elif arguments.admin_password_fd is not None:
        secrets["admin_password"] = password_from(arguments.admin_password_fd)
    plan = plan_resume(job_id, answers, bool(secrets), store)
    for change in plan.changes:
        terminal.line(f"{change.path:<28} {_shown(change.old)} -> {_shown(change.new)}")
    if plan.again:
        phases = ", ".join(terminal.t(phase.title) for phase in store.load(job_id).phases if phase.id in plan.again)
        terminal.note(msg("cli.resume.again", "Done again: {phases}", phases=phases))
    if plan.discards is not None:
        terminal.note(plan.discards)
    resume_deployment(job_id, answers, secrets, store=store)


def _shown(value: object) -> str:
    return "-" if value is None else json.dumps(value, ensure_ascii=False)
