# SPDX-License-Identifier: Apache-2.0
"""libvirt's daemons, modular or monolithic, and the versions of libvirt and QEMU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Remedy
from ..messages import msg
from .model import ERROR, NOT_APPLICABLE, OK, WARNING, Evidence, Outcome
from .registry import Check
from .units import start_unit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..host.services import UnitState
    from .context import Context

#: What EL 9.0 ships, the oldest this package runs on.
OLDEST_LIBVIRT = (8, 0, 0)
OLDEST_QEMU = (6, 2, 0)

SINGLE = "libvirtd"
HYPERVISOR = "virtqemud"
#: Without them guests have no libvirt network and no pool.
COMPANIONS = ("virtnetworkd", "virtstoraged")
#: QEMU's output goes through it; without it no guest starts.
LOG = "virtlogd"
OTHERS = ("virtnodedevd", "virtsecretd", "virtinterfaced", "virtnwfilterd", "virtproxyd", "virtlockd")
_ALL = (SINGLE, HYPERVISOR, *COMPANIONS, LOG, *OTHERS)
_WORKING = ("active", "activating", "reloading")


def check_versions(context: Context) -> Outcome:
    """Against the oldest pair that this package is made for."""
    seen = context.hypervisor
    evidence = [
        Evidence("virConnectGetLibVersion", seen.version),
        Evidence("virConnectGetVersion", seen.qemu_version or "no QEMU"),
    ]
    old = [
        f"{name} {version}"
        for name, version, oldest in (
            ("libvirt", seen.version, OLDEST_LIBVIRT),
            ("QEMU", seen.qemu_version, OLDEST_QEMU),
        )
        if version is not None and _numbers(version) < oldest
    ]
    if old:
        return Outcome(
            WARNING,
            msg("checks.versions.old", "Older than what this program is made for: {programs}", programs=", ".join(old)),
            evidence,
            msg(
                "checks.versions.remedy",
                "Update the host to libvirt {libvirt} and QEMU {qemu} or newer.",
                libvirt=_dotted(OLDEST_LIBVIRT),
                qemu=_dotted(OLDEST_QEMU),
            ),
        )
    if seen.qemu_version is None:
        return Outcome(
            NOT_APPLICABLE, msg("checks.versions.none", "Without QEMU there is no version to judge."), evidence
        )
    return Outcome(
        OK,
        msg("checks.versions.ok", "libvirt {libvirt}, QEMU {qemu}.", libvirt=seen.version, qemu=seen.qemu_version),
        evidence,
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


def check_daemons(context: Context) -> Outcome:
    """One way of the two, whole: sockets that start the daemons, none of them failed, not both ways at once."""
    names = [f"{daemon}.{kind}" for daemon in _ALL for kind in ("service", "socket")]
    states = context.probes.unit_states(names)
    evidence = [
        Evidence(f"systemctl show {name}", f"{state.load}, {state.active}")
        for name, state in states.items()
        if state.installed and (state.active != "inactive" or not name.startswith(OTHERS))
    ]
    failed = [name for name, state in states.items() if state.active == "failed"]
    if failed:
        return Outcome(
            ERROR,
            msg("checks.daemons.failed", "Failed: {units}", units=", ".join(failed)),
            evidence,
            msg("checks.daemons.failed.remedy", "See why with: journalctl -u {unit}", unit=failed[0]),
            remedy_job=start_unit(failed[0]),
        )
    single, modular = _works(states, SINGLE), _works(states, HYPERVISOR)
    if single and modular:
        text = msg("checks.daemons.both", "The single daemon libvirtd and the modular virtqemud are both active.")
        remedy = msg(
            "checks.daemons.both.remedy",
            "Choose one: systemctl disable --now libvirtd.socket libvirtd.service, or the same for virtqemud.",
        )
        return Outcome(ERROR, text, evidence, remedy)
    if not single and not modular:
        if not any(states[f"{daemon}.service"].installed for daemon in (SINGLE, HYPERVISOR)):
            return Outcome(NOT_APPLICABLE, msg("checks.daemons.none", "No libvirt daemon is installed."), evidence)
        start = Remedy("start_libvirt", msg("remedy.start_libvirt", "Start libvirt"))
        text = msg("checks.daemons.stopped", "No libvirt daemon is active, and no socket starts one.")
        remedy = msg("checks.daemons.stopped.remedy", "Start libvirt's socket, and enable it for the next boot.")
        return Outcome(ERROR, text, evidence, remedy, remedy_job=start)
    if _installed(states, LOG) and not _works(states, LOG):
        return Outcome(
            ERROR,
            msg("checks.daemons.no_log", "virtlogd is not active: no guest can be started."),
            evidence,
            msg("checks.daemons.no_log.remedy", "Start virtlogd.socket, and enable it for the next boot."),
            remedy_job=start_unit("virtlogd.socket"),
        )
    missing = [name for name in COMPANIONS if modular and _installed(states, name) and not _works(states, name)]
    if missing:
        return Outcome(
            WARNING,
            msg("checks.daemons.missing", "Not active beside virtqemud: {units}", units=", ".join(missing)),
            evidence,
            msg(
                "checks.daemons.missing.remedy",
                "Enable the sockets: systemctl enable --now {unit}.socket",
                unit=missing[0],
            ),
            remedy_job=start_unit(f"{missing[0]}.socket"),
        )
    way = (
        msg("checks.daemons.single", "The single daemon libvirtd serves this host.")
        if single
        else msg("checks.daemons.modular", "The modular daemons serve this host.")
    )
    return Outcome(OK, way, evidence)


def _installed(states: Mapping[str, UnitState], daemon: str) -> bool:
    return states[f"{daemon}.service"].installed


def _works(states: Mapping[str, UnitState], daemon: str) -> bool:
    return any(states[f"{daemon}.{kind}"].active in _WORKING for kind in ("service", "socket"))


CHECKS = (
    Check(
        "libvirt.versions",
        msg("checks.versions.title", "Versions of libvirt and QEMU"),
        msg("checks.versions.why", "Older ones lack calls that this page, the agent and the Manager rely on."),
        check_versions,
        health_only=True,
    ),
    Check(
        "libvirt.daemons",
        msg("checks.daemons.title", "libvirt's daemons"),
        msg(
            "checks.daemons.why",
            "Guests, networks and storage are served by daemons of their own; one that is missing stops its part.",
        ),
        check_daemons,
        health_only=True,
    ),
)
