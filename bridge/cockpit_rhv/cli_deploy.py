# SPDX-License-Identifier: Apache-2.0
"""``deploy``: answers from a document, settings and what was detected; preflight; the job."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from .cli_answers import apply_settings, ask_password, leaves, merge, password_from, read_answers
from .cli_exit import OK, REFUSED
from .cli_jobs import started
from .cli_show import show_report
from .errors import RhvError
from .jobs import JobStore
from .jobs.control import require_root
from .messages import Message, msg

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from .cli_terminal import Terminal

_ORIGINS = {
    "given": msg("cli.origin.given", "given"),
    "default": msg("cli.origin.default", "default"),
    "detected": msg("cli.origin.detected", "detected"),
}


def deploy(terminal: Terminal, arguments: argparse.Namespace) -> int:
    """Deploy the hosted engine; exit code 3 when the answers or the preflight say no, and nothing was changed."""
    from .deploy.form import build_form
    from .deploy.preflight import run_preflight
    from .deploy.profile import load_profile
    from .deploy.start import start_deployment

    if not arguments.dry_run:
        require_root()
    profile = load_profile(arguments.profile)
    given = read_answers(arguments.answers) if arguments.answers else {}
    apply_settings(given, arguments.set, profile.schema)
    form = build_form(profile)
    answers = merge(form["values"], given)
    _show_notices(terminal, form, answers)
    judged = run_preflight(profile, answers)
    report = judged["report"]
    if judged["errors"]:
        return _refuse(terminal, judged["errors"])
    refused = report["verdict"] == "error"
    if arguments.dry_run:
        _show_plan(terminal, form, answers, given)
        show_report(terminal, report)
        return REFUSED if refused else OK
    show_report(terminal, report, problems_only=True)
    if refused:
        raise RhvError(
            "preflight.refused",
            msg("preflight.refused", "The preflight found an error; nothing was changed."),
            msg("preflight.refused.hint", "Do what the report above says, then try again."),
        )
    secrets = {"admin_password": _password(terminal, arguments)}
    job_id = start_deployment(profile, answers, secrets, asking_user())
    return _follow_up(terminal, arguments, job_id)


def _follow_up(terminal: Terminal, arguments: argparse.Namespace, job_id: str) -> int:
    from .cli_show import show_engine
    from .deploy.engine_state import read_engine_state

    code = started(terminal, JobStore(), job_id, detach=arguments.detach)
    if code == OK and not arguments.detach:
        show_engine(terminal, read_engine_state())
    return code


def _password(terminal: Terminal, arguments: argparse.Namespace) -> str:
    if arguments.admin_password_stdin:
        return password_from(0)
    if arguments.admin_password_fd is not None:
        return password_from(arguments.admin_password_fd)
    return ask_password(
        terminal.t(msg("cli.password", "Password of the Manager's administrator (admin@internal): ")),
        terminal.t(msg("cli.password.again", "The same password again: ")),
    )


def asking_user() -> str:
    """Who typed the command: under sudo the one who called it."""
    import pwd

    name = os.environ.get("SUDO_USER")
    return name or pwd.getpwuid(os.getuid()).pw_name


def _refuse(terminal: Terminal, errors: Sequence[Mapping[str, Any]]) -> int:
    for wrong in errors:
        error, path = RhvError.from_json(wrong["error"]), wrong["path"]
        sentence = f"{path}: {terminal.t(error.message)}" if path else terminal.t(error.message)
        terminal.error(RhvError(error.code, Message("text", "{text}", {"text": sentence}), error.hint, error.detail))
    terminal.note(msg("cli.refused", "The answers are not usable; nothing was changed."))
    return REFUSED


def _show_notices(terminal: Terminal, form: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
    values = dict(leaves(answers))
    for notice in form["notices"]:
        when = notice["when"]
        if when is None or values.get(when["path"]) == when["equals"]:
            terminal.note(Message.from_json(notice["message"]))


def _show_plan(
    terminal: Terminal, form: Mapping[str, Any], answers: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    """Every value with where it came from (readable as an answers document), then the phases."""
    typed = dict(leaves(given))
    for path, value in leaves(answers):
        origin = _ORIGINS["given" if path in typed else form["origins"].get(path, "default")]
        terminal.line(f"{path:<28} {json.dumps(value, ensure_ascii=False):<36} {terminal.t(origin)}")
    for number, phase in enumerate(form["phases"], 1):
        title = terminal.t(Message.from_json(phase["title"]))
        about = msg(
            "cli.plan.phase",
            "Phase {number}: {title} (about {seconds} s)",
            number=number,
            title=title,
            seconds=round(phase["expected_s"]),
        )
        terminal.line(about)
