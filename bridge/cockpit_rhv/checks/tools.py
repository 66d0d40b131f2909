# SPDX-License-Identifier: Apache-2.0
"""Programs a deployment starts."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from ..messages import msg
from .model import ERROR, OK, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context

#: Each group: any one of them will do.
NEEDED = (("qemu-img",), ("xorriso", "genisoimage", "mkisofs"), ("openssl",), ("ansible-playbook",))
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def find_program(names: tuple[str, ...]) -> str | None:
    """Path of the first of ``names`` that is installed; an unprivileged PATH may lack sbin, so it is not asked."""
    return next((path for name in names if (path := shutil.which(name, path=_PATH))), None)


def check_tools(context: Context) -> Outcome:
    """All programs at once: a missing one is a packaging fault, not a choice."""
    found = {" / ".join(names): find_program(names) for names in NEEDED}
    evidence = [Evidence(name, path or "not found") for name, path in found.items()]
    missing = [name for name, path in found.items() if path is None]
    if not missing:
        return Outcome(OK, msg("checks.tools.ok", "All programs a deployment needs are installed."), evidence)
    return Outcome(
        ERROR,
        msg("checks.tools.missing", "Not installed: {programs}", programs=", ".join(missing)),
        evidence,
        msg(
            "checks.tools.remedy",
            "Install them from the distribution: qemu-utils or qemu-img, xorriso, openssl, ansible-core.",
        ),
    )


CHECKS = (
    Check(
        "tools.present",
        msg("checks.tools.title", "Programs"),
        msg(
            "checks.tools.why",
            "The deployment copies disks, builds a configuration drive and runs playbooks with them.",
        ),
        check_tools,
        needs_answers=True,
    ),
)
