# SPDX-License-Identifier: Apache-2.0
"""``collect-logs``: everything about this host in one archive, for whoever helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .checks.remedies import start_task
from .cli_deploy import asking_user
from .cli_exit import OK
from .cli_file import refuse_existing, write_new
from .cli_follow import follow
from .jobs import JobStore
from .logs.archives import archive_path, copy_archive, delete_archive
from .messages import msg

if TYPE_CHECKING:
    import argparse

    from .cli_terminal import Terminal


def collect_logs(terminal: Terminal, arguments: argparse.Namespace) -> int:
    """Collect as a job, follow it, and put the archive where it was asked for."""
    if arguments.output:
        # Known before minutes of work rather than after them.
        refuse_existing(arguments.output)
    store = JobStore()
    params = {"since": arguments.since, "guests": "no" if arguments.no_guests else "yes"}
    job = start_task("collect-logs", params, asking_user(), store=store)
    code = follow(terminal, store, job)
    if code != OK:
        return code
    if not arguments.output:
        terminal.line(str(archive_path(job)))
        return OK
    write_new(arguments.output, lambda output: copy_archive(job, output))
    delete_archive(job)
    terminal.note(msg("cli.logs.written", "The logs of this host are in {file}.", file=arguments.output))
    return OK
