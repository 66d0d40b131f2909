# SPDX-License-Identifier: Apache-2.0
"""``cockpit-rhv``: the shell's front door. It has no logic of its own; ``docs/cockpit-rhv.1`` is its manual."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING, Callable

from . import __version__
from .cli_exit import ABORTED, FAILED, exit_code
from .cli_terminal import Terminal
from .errors import RhvError
from .messages import msg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .i18n import Translate

Command = Callable[[Terminal, argparse.Namespace], int]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code (2 for wrong usage, by way of SystemExit)."""
    for stream in (sys.stdout, sys.stderr):
        # In a locale that cannot write a character, a question mark is better than no message.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    terminal = Terminal()
    parser = build_parser(terminal.t)
    arguments = parser.parse_args(argv)
    if arguments.command in ("deploy", "resume") and arguments.answers == "-" and arguments.admin_password_stdin:
        parser.error(terminal.t(msg("cli.one_stdin", "Answers and password cannot both come from stdin.")))
    try:
        return _command(arguments.command)(terminal, arguments)
    except RhvError as error:
        terminal.error(error)
        return exit_code(error)
    except (KeyboardInterrupt, EOFError):
        # Ctrl-C, or Ctrl-D at a question.
        terminal.clear()
        terminal.note(msg("cli.aborted", "Interrupted; nothing was started."))
        return ABORTED
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:
        # Something of the host could not be read; its name and the system's reason are all there is to say.
        terminal.error(RhvError("host.os_error", msg("host.os_error", "The host refused: {reason}", reason=str(error))))
        return FAILED


def _command(name: str) -> Command:
    # Each is imported when it is asked for: `cockpit-rhv jobs` has no need of libvirt or YAML.
    if name in ("check", "status", "deploy", "cleanup", "logs", "cancel", "resume"):
        _quiet_libvirt()
    if name in ("check", "status"):
        from . import cli_show

        return {"check": cli_show.check, "status": cli_show.status}[name]
    if name == "deploy":
        from .cli_deploy import deploy

        return deploy
    if name == "cleanup":
        from .cli_cleanup import cleanup

        return cleanup
    if name == "upgrade":
        _quiet_libvirt()
        from .cli_upgrade import upgrade

        return upgrade
    if name == "collect-logs":
        from .cli_logs import collect_logs

        return collect_logs
    if name == "storage":
        from .cli_storage import storage

        return storage
    from . import cli_jobs

    commands: dict[str, Command] = {
        "jobs": cli_jobs.jobs,
        "attach": cli_jobs.attach,
        "resume": cli_jobs.resume,
        "cancel": cli_jobs.cancel,
        "logs": cli_jobs.logs,
    }
    return commands[name]


def _quiet_libvirt() -> None:
    # By default libvirt also prints each error it raises; ours are sentences.
    try:
        import libvirt
    except ImportError:
        # The checks say so, with a remedy.
        return
    libvirt.registerErrorHandler(lambda *_: None, None)


def build_parser(t: Translate) -> argparse.ArgumentParser:
    """The parser, its texts in the user's language."""
    parser = argparse.ArgumentParser(
        prog="cockpit-rhv",
        description=t(msg("cli.description", "Deploy and watch a hosted virtualization Manager on this host.")),
    )
    parser.add_argument("--version", action="version", version=f"cockpit-rhv {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text)

    as_json = t(msg("cli.help.json", "print JSON instead of text"))
    check = command("check", t(msg("cli.help.check", "Check whether this host is healthy.")))
    check.add_argument("--json", action="store_true", help=as_json)
    status = command("status", t(msg("cli.help.status", "Show the hosted engine of this host.")))
    status.add_argument("--json", action="store_true", help=as_json)
    _add_deploy(command("deploy", t(msg("cli.help.deploy", "Deploy the hosted engine on this host."))), t)
    _add_upgrade(command("upgrade", t(msg("cli.help.upgrade", "Upgrade the engine, keeping its data."))), t)
    command("jobs", t(msg("cli.help.jobs", "List the jobs of this host.")))

    job_help = t(msg("cli.help.job", "the job's id; without it the newest job that fits"))
    attach = command("attach", t(msg("cli.help.attach", "Follow a job from its beginning. Ctrl-C leaves it running.")))
    resume = command("resume", t(msg("cli.help.resume", "Let an unfinished job go on at its first unfinished phase.")))
    cancel = command("cancel", t(msg("cli.help.cancel", "Stop a job and everything it started.")))
    logs = command("logs", t(msg("cli.help.logs", "Show what happened in a job.")))
    for with_job in (attach, resume, cancel, logs):
        with_job.add_argument("job", nargs="?", metavar="JOB", help=job_help)
    collect = command("collect-logs", t(msg("cli.help.collect", "Collect logs and state of this host in one archive.")))
    collect.add_argument(
        "--since",
        choices=("1h", "1d", "1w", "all"),
        default="1d",
        help=t(msg("cli.help.since", "how far back: an hour, a day (default), a week, or all there is")),
    )
    collect.add_argument(
        "--no-guests", action="store_true", help=t(msg("cli.help.no_guests", "leave out the guests' logs and consoles"))
    )
    collect.add_argument(
        "--output", metavar="FILE", help=t(msg("cli.help.output", "write the archive there instead of keeping it"))
    )
    _add_storage(command("storage", t(msg("cli.help.storage", "Test storage before it is used."))), t)
    _add_answers(resume, t)
    _add_detach(resume, t)
    cleanup = command("cleanup", t(msg("cli.help.cleanup", "Remove the engine, or what is left of a deployment.")))
    cleanup.add_argument(
        "--dry-run",
        action="store_true",
        help=t(msg("cli.help.cleanup_dry", "list what would be removed, and change nothing")),
    )
    cleanup.add_argument("--yes", action="store_true", help=t(msg("cli.help.yes", "do not ask")))
    cleanup.add_argument(
        "--engine",
        metavar="FQDN",
        help=t(msg("cli.help.engine", "name of the working engine to remove; it is asked for on a terminal")),
    )
    _add_detach(cleanup, t)
    logs.add_argument(
        "--bundle",
        metavar="FILE",
        help=t(msg("cli.help.bundle", "write everything about the job to a .tar.gz; - is stdout (root only)")),
    )
    logs.add_argument(
        "--raw", action="store_true", help=t(msg("cli.help.raw", "what ansible-playbook printed (root only)"))
    )
    return parser


def _add_deploy(deploy: argparse.ArgumentParser, t: Translate) -> None:
    deploy.add_argument("--profile", help=t(msg("cli.help.profile", "the deployment profile")))
    _add_answers(deploy, t)
    deploy.add_argument(
        "--dry-run",
        action="store_true",
        help=t(msg("cli.help.dry_run", "show answers, phases and preflight report, and change nothing")),
    )
    _add_detach(deploy, t)


def _add_answers(command: argparse.ArgumentParser, t: Translate) -> None:
    command.add_argument(
        "--answers",
        metavar="FILE",
        help=t(
            msg(
                "cli.help.answers",
                "answers document, YAML or JSON; - is stdin. What it leaves out is detected, or as it was before.",
            )
        ),
    )
    command.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="PATH=VALUE",
        help=t(msg("cli.help.set", "set one answer, for example engine.memory_mib=2048; may be repeated")),
    )
    password = command.add_mutually_exclusive_group()
    password.add_argument(
        "--admin-password-stdin",
        action="store_true",
        help=t(msg("cli.help.password_stdin", "read the administrator's password from stdin instead of asking")),
    )
    password.add_argument(
        "--admin-password-fd",
        type=int,
        metavar="N",
        help=t(msg("cli.help.password_fd", "read the administrator's password from this file descriptor")),
    )


def _add_upgrade(upgrade: argparse.ArgumentParser, t: Translate) -> None:
    what = upgrade.add_mutually_exclusive_group()
    what.add_argument(
        "--image", metavar="PATH", help=t(msg("cli.help.image", "the new appliance; default: the installed one"))
    )
    what.add_argument(
        "--rollback", action="store_true", help=t(msg("cli.help.rollback", "return to the version before"))
    )
    what.add_argument(
        "--drop-previous",
        action="store_true",
        help=t(msg("cli.help.drop_previous", "remove the disk of the version before, and with it the way back")),
    )
    upgrade.add_argument(
        "--dry-run", action="store_true", help=t(msg("cli.help.upgrade_dry", "show what would happen, change nothing"))
    )
    upgrade.add_argument("--yes", action="store_true", help=t(msg("cli.help.yes", "do not ask")))
    _add_detach(upgrade, t)


def _add_storage(storage: argparse.ArgumentParser, t: Translate) -> None:
    actions = storage.add_subparsers(dest="action", required=True, metavar="ACTION")
    text = t(msg("cli.help.storage_test", "Test a storage step by step, and undo everything."))
    test = actions.add_parser("test", help=text, description=text)
    file = t(msg("cli.help.storage_file", "storage document, JSON; - is stdin"))
    test.add_argument("file", metavar="FILE", help=file)
    need = t(msg("cli.help.storage_need", "room that is needed, in GiB"))
    test.add_argument("--need", type=float, metavar="GIB", help=need)
    text = t(msg("cli.help.storage_discover", "List the iSCSI targets of a portal; nothing is stored."))
    discover = actions.add_parser("discover", help=text, description=text)
    portal = t(msg("cli.help.storage_portal", "the portal; port 3260 when left out"))
    discover.add_argument("portal", metavar="HOST[:PORT]", help=portal)
    for action in (test, discover):
        action.add_argument("--json", action="store_true", help=t(msg("cli.help.json", "print JSON instead of text")))


def _add_detach(parser: argparse.ArgumentParser, t: Translate) -> None:
    parser.add_argument(
        "--detach",
        action="store_true",
        help=t(msg("cli.help.detach", "print the job's id and return instead of following it")),
    )


if __name__ == "__main__":
    sys.exit(main())
