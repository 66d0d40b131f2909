# SPDX-License-Identifier: Apache-2.0
"""``cleanup``: what would be removed, the question, the job."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from .cli_exit import OK, REFUSED
from .cli_jobs import started
from .errors import RhvError
from .jobs import JobStore
from .jobs.control import reconcile, require_root
from .messages import msg

if TYPE_CHECKING:
    import argparse

    from .cli_terminal import Terminal
    from .deploy.cleanup_plan import Plan

_MIB = 2**20


def cleanup(terminal: Terminal, arguments: argparse.Namespace) -> int:
    """Remove the engine, or what is left of a deployment; exit code 3, and nothing changed, when the answer is no."""
    from .cli_deploy import asking_user
    from .deploy.cleanup import start_cleanup
    from .deploy.cleanup_plan import plan_cleanup

    require_root()
    reconcile()
    plan = plan_cleanup()
    if not plan.items:
        terminal.line(msg("cli.cleanup.nothing", "There is nothing to remove on this host."))
        return OK
    _show(terminal, plan)
    if arguments.dry_run:
        return OK
    engine = arguments.engine
    if not arguments.yes and not _confirmed(terminal, plan, engine):
        terminal.note(msg("cli.cleanup.no", "Nothing was removed."))
        return REFUSED
    if plan.engine is not None and engine is None and not arguments.yes:
        engine = plan.engine  # it was typed just now
    job_id = start_cleanup(plan.fingerprint, engine, asking_user())
    return started(terminal, JobStore(), job_id, detach=arguments.detach)


def show_left(terminal: Terminal) -> None:
    """What a deployment that was stopped has made so far."""
    from .deploy.cleanup_plan import plan_cleanup

    try:
        plan = plan_cleanup()
    except RhvError as error:
        # The job is stopped all the same; without libvirt, say, what is left cannot be told.
        terminal.note(error.message)
        return
    if plan.items:
        names = ", ".join(item.name for item in plan.items if item.kind != "state")
        terminal.line(msg("cli.cancelled.left", "Made so far: {names}", names=names or "-"))
        terminal.note(msg("cli.cancelled.next", "Go on with: cockpit-rhv resume. Remove it with: cockpit-rhv cleanup."))


def _show(terminal: Terminal, plan: Plan) -> None:
    for item in plan.items:
        size = "" if item.size_bytes is None else f"{item.size_bytes / _MIB:,.1f} MiB"
        terminal.line(f"{item.kind:<13}{size:>13}  {item.name}")
        terminal.line(f"{'':<28}{terminal.t(item.about)}")
    for text in plan.kept:
        terminal.note(text)


def _confirmed(terminal: Terminal, plan: Plan, engine: str | None) -> bool:
    if engine is not None and plan.engine is not None:
        # A wrong name is refused where the job is started.
        return True
    if not sys.stdin.isatty():
        terminal.note(
            msg("cli.cleanup.no_terminal", "Without a terminal, confirm with --yes, and --engine if asked for.")
        )
        return False
    if plan.engine is not None:
        question = msg(
            "cli.cleanup.engine",
            "Type the engine's name, {engine}, to remove it with all its data: ",
            engine=plan.engine,
        )
        return input(terminal.t(question)).strip() == plan.engine
    yes = terminal.t(msg("cli.cleanup.yes", "yes"))
    question = msg("cli.cleanup.ask", "Remove all of this? Type {yes}: ", yes=yes)
    return input(terminal.t(question)).strip().casefold() == yes.casefold()
