# SPDX-License-Identifier: Apache-2.0
"""``upgrade``: the engine to a newer appliance, back to the version before, and the end of that way back."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from .cli_exit import OK, REFUSED
from .cli_jobs import started
from .errors import RhvError
from .jobs import JobStore
from .jobs.control import reconcile, require_root
from .messages import Message, msg

if TYPE_CHECKING:
    import argparse

    from .cli_terminal import Terminal
    from .deploy.upgrade_plan import UpgradePlan

MIB = 2**20


def upgrade(terminal: Terminal, arguments: argparse.Namespace) -> int:
    """Upgrade the engine or undo that; exit code 3 when it is refused, and nothing was changed."""
    from .cli_deploy import asking_user
    from .deploy.upgrade_plan import plan_upgrade
    from .deploy.upgrade_start import drop_previous, start_rollback, start_upgrade

    if not arguments.dry_run:
        require_root()
        reconcile()
    plan = plan_upgrade(Path(arguments.image).absolute() if arguments.image else None)
    if arguments.dry_run:
        return _show(terminal, plan, arguments)
    if arguments.drop_previous:
        _confirm(terminal, arguments, _loss_of_way_back(plan))
        drop_previous()
        terminal.line(msg("cli.upgrade.dropped", "The disk of the version before is removed."))
        return OK
    if arguments.rollback:
        if plan.back is not None:
            from .deploy.rollback import explain_loss

            _confirm(terminal, arguments, explain_loss(plan.back))
        job = start_rollback(asking_user())
    else:
        image = plan.image
        # What is refused is refused in the library, with its own sentence.
        job = start_upgrade(image.path if image else None, image.version if image else None, asking_user())
    return started(terminal, JobStore(), job, detach=arguments.detach)


def _show(terminal: Terminal, plan: UpgradePlan, arguments: argparse.Namespace) -> int:
    terminal.line(msg("cli.upgrade.running", "The engine has version {version}.", version=plan.running))
    if plan.back is not None:
        from .deploy.rollback import explain_loss

        text = msg("cli.upgrade.back", "The way back leads to version {version}.", version=plan.back.version)
        terminal.line(text)
        if arguments.rollback:
            terminal.line(explain_loss(plan.back))
    if plan.unfinished is not None:
        text = msg(
            "cli.upgrade.unfinished",
            "The upgrade to version {version} is unfinished: job {job}.",
            version=plan.unfinished.new_version,
            job=plan.unfinished.job,
        )
        terminal.line(text)
    if arguments.rollback or arguments.drop_previous:
        return OK if plan.back is not None else _refuse(terminal, None)
    if plan.image is None or plan.refusal is not None:
        return _refuse(terminal, plan.refusal)
    text = msg(
        "cli.upgrade.image",
        "The image {path} has version {version} ({mib} MiB).",
        path=str(plan.image.path),
        version=plan.image.version,
        mib=plan.image.size_bytes // MIB,
    )
    terminal.line(text)
    for note in plan.notes:
        terminal.line(note)
    for number, phase in enumerate(plan.phases, 1):
        terminal.line(
            msg(
                "cli.plan.phase",
                "Phase {number}: {title} (about {seconds} s)",
                number=number,
                title=terminal.t(phase.title),
                seconds=round(phase.expected_s),
            )
        )
    return OK


def _refuse(terminal: Terminal, refusal: RhvError | None) -> int:
    if refusal is None:
        terminal.note(msg("cli.upgrade.nothing", "There is nothing to do."))
    else:
        terminal.error(refusal)
    return REFUSED


def _loss_of_way_back(plan: UpgradePlan) -> Message:
    previous = plan.previous
    if previous is None:
        return msg("cli.upgrade.nothing", "There is nothing to do.")
    return msg(
        "cli.upgrade.drop.loss",
        "The disk {disk} of version {version} is removed; after that there is no way back to it.",
        disk=previous["disk"],
        version=previous["version"],
    )


def _confirm(terminal: Terminal, arguments: argparse.Namespace, loss: Message) -> None:
    """Say what is lost and ask. Raises RhvError ``upgrade.not_confirmed``."""
    terminal.note(loss)
    if arguments.yes:
        return
    if sys.stdin.isatty():
        yes = terminal.t(msg("cli.cleanup.yes", "yes"))
        question = terminal.t(msg("cli.upgrade.ask", "Go on? Type {yes}: ", yes=yes))
        if input(question).strip().casefold() == yes.casefold():
            return
    raise RhvError(
        "upgrade.not_confirmed",
        msg("upgrade.not_confirmed", "Not confirmed; nothing was changed."),
        msg("upgrade.not_confirmed.hint", "In a script, confirm with --yes."),
    )
