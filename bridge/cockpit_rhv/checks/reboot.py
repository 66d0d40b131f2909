# SPDX-License-Identifier: Apache-2.0
"""Does this host wait for a restart: a newer kernel is installed, or the running one's modules are gone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..host.files import read_optional
from ..messages import msg
from .model import NOT_APPLICABLE, OK, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context

#: Written by Debian's packages (update-notifier, unattended-upgrades, needrestart).
REQUIRED = ("run/reboot-required", "var/run/reboot-required")


def check_reboot(context: Context) -> Outcome:
    """Debian says so in a file; everywhere the kernels in /lib/modules tell."""
    root = context.probes.root
    running = str(context.facts["kernel"])
    if (root / "run/systemd/container").exists():
        return Outcome(
            NOT_APPLICABLE, msg("checks.reboot.container", "This host is a container; its kernel is not its own.")
        )
    remedy = msg("checks.reboot.remedy", "Move or shut down the guests, then restart the host.")
    for name in REQUIRED:
        if (root / name).exists():
            packages = " ".join((read_optional(root / f"{name}.pkgs") or "").split())
            evidence = [Evidence(f"/{name}", packages or "present")]
            return Outcome(
                WARNING, msg("checks.reboot.asked", "Installed updates ask for a restart."), evidence, remedy
            )
    # A folder without modules.dep was left behind by a removed kernel.
    installed = sorted(path.parent.name for path in (root / "lib/modules").glob("*/modules.dep"))
    evidence = [
        Evidence("/proc/sys/kernel/osrelease", running),
        Evidence("/lib/modules", ", ".join(installed) or "no kernels"),
    ]
    if not installed:
        (root / "lib").stat()  # else nothing was looked at
        return Outcome(NOT_APPLICABLE, msg("checks.reboot.none", "No kernel is installed on this host."), evidence)
    if running not in installed:
        text = msg(
            "checks.reboot.gone",
            "The modules of the running kernel {kernel} are gone: no further one can be loaded.",
            kernel=running,
        )
        return Outcome(WARNING, text, evidence, remedy)
    newest = max(installed, key=_order)
    if _order(newest) > _order(running):
        text = msg(
            "checks.reboot.newer",
            "The kernel {newest} is installed, {running} is running.",
            newest=newest,
            running=running,
        )
        return Outcome(WARNING, text, evidence, remedy)
    return Outcome(OK, msg("checks.reboot.ok", "The newest installed kernel is running."), evidence)


def _order(release: str) -> tuple[tuple[int, int, str], ...]:
    """Numbers by their value, words by the alphabet: 6.1.0-9 before 6.1.0-18."""
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.findall(r"\d+|[a-z]+", release))


CHECKS = (
    Check(
        "host.reboot",
        msg("checks.reboot.title", "Restart"),
        msg(
            "checks.reboot.why",
            "Fixes of the kernel count from the next start; without its modules new devices and networks fail.",
        ),
        check_reboot,
        health_only=True,
    ),
)
