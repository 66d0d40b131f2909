# SPDX-License-Identifier: Apache-2.0
"""SELinux or AppArmor: whether a guest that breaks out of QEMU is still locked in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..host.files import read_optional
from ..messages import msg
from .model import OK, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context


def check_confinement(context: Context) -> Outcome:
    """What the kernel enforces, and whether libvirt uses it: either alone is no protection."""
    root = context.probes.root
    enforce = read_optional(root / "sys/fs/selinux/enforce")
    apparmor = read_optional(root / "sys/module/apparmor/parameters/enabled")
    used = list(context.hypervisor.security_models)
    evidence = [
        Evidence("/sys/fs/selinux/enforce", {None: "absent", "1": "enforcing"}.get(enforce, "permissive")),
        Evidence("/sys/module/apparmor/parameters/enabled", apparmor or "absent"),
        Evidence("virConnectGetCapabilities", ", ".join(used) or "no security model"),
    ]
    if enforce is not None and enforce != "1":
        return Outcome(
            WARNING,
            msg("checks.confinement.permissive", "SELinux only logs what it would forbid."),
            evidence,
            msg(
                "checks.confinement.permissive.remedy",
                "Turn it on: setenforce 1, and SELINUX=enforcing in /etc/selinux/config.",
            ),
        )
    name = "SELinux" if enforce == "1" else "AppArmor" if apparmor == "Y" else None
    if name is None:
        return Outcome(
            WARNING,
            msg(
                "checks.confinement.none",
                "Neither SELinux nor AppArmor is on: guests are locked in by file owners only.",
            ),
            evidence,
            msg(
                "checks.confinement.none.remedy",
                "Boot with the one your distribution ships; both need a restart of the host.",
            ),
        )
    if name.lower() not in used:
        return Outcome(
            WARNING,
            msg("checks.confinement.unused", "{name} is on, but libvirt does not use it for guests.", name=name),
            evidence,
            msg(
                "checks.confinement.unused.remedy",
                "See security_driver in /etc/libvirt/qemu.conf, then restart libvirt.",
            ),
        )
    return Outcome(OK, msg("checks.confinement.ok", "Guests are confined by {name}.", name=name), evidence)


CHECKS = (
    Check(
        "security.confinement",
        msg("checks.confinement.title", "Confinement of guests"),
        msg(
            "checks.confinement.why",
            "It keeps a guest that breaks out of QEMU away from the host and the other guests.",
        ),
        check_confinement,
        health_only=True,
    ),
)
