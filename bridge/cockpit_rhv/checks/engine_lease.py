# SPDX-License-Identifier: Apache-2.0
"""The lease that keeps two hosts from running one engine: what this host lacks for it, what will be changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..host.lock_manager import CONFIGURATION, LOCKD, SANLOCK, has_plugin, not_on_disks, read_lock_manager
from ..host.network_mounts import network_file_system
from ..messages import msg
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from ..messages import Message
    from .context import Context

#: libvirt's lock manager by ``storage.kind``: a file server keeps locks for all its hosts, block storage keeps none.
#: What only this host has needs no lease.
_MANAGERS = {"nfs": LOCKD, "iscsi": SANLOCK}
#: Units that must be installed beside the plugin; started when they are needed.
UNITS = {LOCKD: ("virtlockd.socket",), SANLOCK: ("wdmd.service", "sanlock.service")}
_LOCAL_LOCKS = re.compile(r"nolock|local_lock=(all|posix)")
_INSTALL = {
    LOCKD: msg(
        "checks.lease.install.lockd",
        "Install libvirt-daemon-plugin-lockd and libvirt-daemon-lock (Debian 13, EL 9), libvirt-daemon (Debian 12).",
    ),
    SANLOCK: msg(
        "checks.lease.install.sanlock",
        "Install sanlock, with libvirt-daemon-plugin-sanlock (Debian 13, EL 9) or libvirt-sanlock (Debian 12).",
    ),
}


def manager_of(kind: str) -> str | None:
    """``lockd``, ``sanlock``, or None for a storage that only this host has."""
    return _MANAGERS.get(kind)


def check_lease(context: Context) -> Outcome:
    """Before anything is mounted or made: a host without its half of the lease is refused with the package's name."""
    manager = manager_of(context.answer("storage.kind", "directory"))
    if manager is None:
        return _unleased(context)
    local = [one for one in (context.answer("storage.mount_options") or "").split(",") if _LOCAL_LOCKS.fullmatch(one)]
    if local:
        text = msg(
            "checks.lease.local",
            "With {option} locks stay on this host: another one could start the engine a second time.",
            option=local[0],
        )
        remedy = msg("checks.lease.local.remedy", "Leave out that mount option.")
        return Outcome(ERROR, text, [Evidence("storage.mount_options", local[0])], remedy, path="storage.mount_options")
    root = context.probes.root
    if not has_plugin(manager, root):
        evidence = [Evidence("lock-driver", f"no {manager}.so")]
        return Outcome(ERROR, _lacking(manager), evidence, _INSTALL[manager])
    states = context.probes.unit_states(UNITS[manager])
    evidence = [Evidence(f"systemctl show {name}", f"{state.load}, {state.active}") for name, state in states.items()]
    if not all(state.installed for state in states.values()):
        return Outcome(ERROR, _lacking(manager), evidence, _INSTALL[manager])
    try:
        present = read_lock_manager(root)
        elsewhere = not_on_disks(root) if manager == LOCKD else None
    except PermissionError:
        return Outcome(
            UNKNOWN,
            msg("checks.lease.denied", "Only an administrator can read libvirt's lock manager."),
            evidence,
            msg("checks.shared.denied.remedy", "Turn on administrative access."),
        )
    evidence.append(Evidence(f"/{CONFIGURATION}", f"lock_manager = {present or 'none'}"))
    if elsewhere is not None:
        text = msg("checks.lease.elsewhere", "lockd is told not to lock the disks themselves: {line}", line=elsewhere)
        remedy = msg(
            "checks.lease.elsewhere.remedy",
            "Take that line out of /etc/libvirt/qemu-lockd.conf and restart libvirt, or choose another storage.",
        )
        return Outcome(ERROR, text, evidence, remedy)
    if present == manager:
        text = msg("checks.lease.ok", "libvirt's lock manager here is {manager}.", manager=manager)
        return Outcome(OK, text, evidence)
    if present is not None:
        return Outcome(
            ERROR,
            msg(
                "checks.lease.other",
                "libvirt's lock manager here is {present}; a lease on this storage needs {manager}.",
                present=present,
                manager=manager,
            ),
            evidence,
            msg(
                "checks.lease.other.remedy",
                "If no guest needs {present}: change lock_manager in /etc/libvirt/qemu.conf and restart libvirt. Else "
                "choose another storage.",
                present=present,
            ),
        )
    return Outcome(
        WARNING,
        msg(
            "checks.lease.will",
            "The deployment turns libvirt's lock manager {manager} on, for the engine's lease, and restarts libvirt's "
            "daemon.",
            manager=manager,
        ),
        evidence,
        msg("checks.lease.will.remedy", "Guests go on running; removing the engine undoes it."),
    )


def _unleased(context: Context) -> Outcome:
    """A directory, or a local group: nothing for others, unless an administrator mounts it from somewhere."""
    path = context.answer("storage.path")
    if context.answer("storage.kind", "directory") == "directory" and path:
        kind = network_file_system(path, context.probes.root)
        if kind is not None:
            text = msg(
                "checks.lease.mounted",
                "{path} lies on a file system that other hosts reach ({kind}): only QEMU's own lock protects the disk.",
                path=path,
                kind=kind,
            )
            remedy = msg(
                "checks.lease.mounted.remedy",
                "Choose the kind NFS, whose disk is held by a lease, or a directory on a disk of this host.",
            )
            return Outcome(WARNING, text, [Evidence("/proc/self/mountinfo", kind)], remedy, path="storage.path")
    return Outcome(NOT_APPLICABLE, msg("checks.lease.none", "No other host can reach the disk."))


def _lacking(manager: str) -> Message:
    if manager == SANLOCK:
        return msg(
            "checks.lease.no_sanlock",
            "Without sanlock two hosts could start the engine at once: block storage has no locks of its own.",
        )
    return msg(
        "checks.lease.no_lockd",
        "Without libvirt's lock manager lockd two hosts could start the engine at once.",
    )


CHECKS = (
    Check(
        "storage.lease",
        msg("checks.lease.title", "Lease of the engine's disk"),
        msg(
            "checks.lease.why",
            "Two hosts that run the engine from one disk destroy it. A lease that libvirt holds keeps the second away.",
        ),
        check_lease,
        needs_answers=True,
        path="storage.kind",
    ),
)
