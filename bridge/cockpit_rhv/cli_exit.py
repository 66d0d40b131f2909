# SPDX-License-Identifier: Apache-2.0
"""Exit codes of ``cockpit-rhv``, as its manual page lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .errors import RhvError

OK = 0
FAILED = 1
USAGE = 2
REFUSED = 3
#: Of ``check``: warnings, or something that could not be read; and errors.
WARNINGS = 1
ERRORS = 2
NEEDS_ROOT = 4
CANCELLED = 5
DETACHED = 6
ABORTED = 130


def exit_code(error: RhvError) -> int:
    """The code for a command that ended with this error."""
    if error.code == "access.denied":
        return NEEDS_ROOT
    if error.code in ("job.already_running", "job.not_running", "job.not_resumable", "job.not_found", "job.busy"):
        return REFUSED
    if error.code in ("cleanup.nothing", "cleanup.changed", "cleanup.unconfirmed", "bundle.exists"):
        return REFUSED
    if error.code in ("storage.document", "storage.not_json"):
        return REFUSED
    if error.code.startswith(("answers.", "deploy.", "secrets.", "preflight.", "upgrade.", "image.")):
        return REFUSED
    return FAILED
