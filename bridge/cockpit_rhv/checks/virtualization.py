# SPDX-License-Identifier: Apache-2.0
"""Can this host run guests at all: hardware virtualization, libvirt, QEMU."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import Remedy, RhvError
from ..host.kvm import NO_PERMISSION
from ..machines.opening import VDSM_PASSWORD
from ..messages import Message, msg
from .hypervisor import READ_WRITE
from .model import ERROR, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context

#: Codes of RhvError with which libvirt, which runs, turns this user away.
REFUSALS = ("libvirt.auth", "libvirt.forbidden", "libvirt.denied")
AS_ADMINISTRATOR = msg("checks.as_administrator", "Turn on administrative access, then run the check again.")


def check_kvm(context: Context) -> Outcome:
    """The CPU's flag and /dev/kvm together; either alone is known to lie."""
    flag = context.facts["cpu"]["virtualization_flag"]
    kvm = context.facts["kvm"]
    evidence = [Evidence("/proc/cpuinfo", f"flag {flag}" if flag else "neither vmx nor svm")]
    if kvm["usable"]:
        evidence.append(Evidence("/dev/kvm", "answers with the expected interface version"))
        return Outcome(
            OK, msg("checks.kvm.ok", "Guests run with hardware virtualization ({flag}).", flag=flag), evidence
        )
    # The reason is the sentence: one inside another could not be translated.
    summary = Message.from_json(kvm["reason"])
    evidence.append(Evidence("/dev/kvm", str(summary)))
    if summary.id == NO_PERMISSION and not context.has_answers:
        # Who may not look learns nothing of the host; guests are run by libvirt, not by this user.
        return Outcome(UNKNOWN, summary, evidence, AS_ADMINISTRATOR)
    remedy = msg(
        "checks.kvm.remedy",
        "Switch on virtualization (VT-x, AMD-V) in the firmware, or nested virtualization on the host below this one.",
    )
    if context.has_answers and not context.answer("accept.emulation", False):
        return Outcome(ERROR, summary, evidence, remedy, path="accept.emulation")
    return Outcome(WARNING, summary, evidence, remedy)


def check_libvirt(context: Context) -> Outcome:
    """A connection that may change things; a read-only one is enough to look around.

    No answer at all is an error, not unknown: a deployment could copy its image and then fail at the VM. That it lets
    this user not even look says nothing about a host in daily work.
    """
    try:
        seen = context.hypervisor
    except RhvError as error:
        start = Remedy("start_libvirt", msg("remedy.start_libvirt", "Start libvirt"))
        stopped = error.code == "libvirt.unreachable"
        evidence = [Evidence(error.code, error.detail or "")]
        refused = error.code in REFUSALS and not context.has_answers
        severity = UNKNOWN if refused else ERROR
        return Outcome(severity, error.message, evidence, error.hint, remedy_job=start if stopped else None)
    access = seen.access if seen.user is None else f"{seen.access} as {seen.user}"
    evidence = [Evidence(f"virConnectOpen({seen.uri})", f"libvirt {seen.version}, {access}")]
    if seen.access == READ_WRITE:
        return Outcome(OK, msg("checks.libvirt.ok", "libvirt {version} answers.", version=seen.version), evidence)
    evidence.append(Evidence("libvirt", seen.refusal or ""))
    return Outcome(
        ERROR if context.has_answers else WARNING,
        msg("checks.libvirt.read_only", "libvirt answers, but lets this user look only."),
        evidence,
        msg(
            "checks.libvirt.read_only.remedy",
            "Turn on administrative access, or join the group libvirt. On a host of VDSM libvirt takes the password in "
            "{file} only: see that it is there and the one that libvirt knows.",
            file=str(VDSM_PASSWORD),
        ),
    )


def check_qemu(context: Context) -> Outcome:
    """An emulator for 64-bit x86 guests, as libvirt sees it."""
    seen = context.hypervisor
    evidence = [
        Evidence(
            "virConnectGetCapabilities", f"{seen.emulator or 'no x86_64 emulator'}; {', '.join(seen.domain_types)}"
        )
    ]
    if seen.emulator:
        return Outcome(OK, msg("checks.qemu.ok", "QEMU is installed: {path}", path=seen.emulator), evidence)
    return Outcome(
        ERROR,
        msg("checks.qemu.absent", "libvirt finds no QEMU for 64-bit x86 guests."),
        evidence,
        msg(
            "checks.qemu.remedy",
            "Install qemu-system-x86 (Debian) or qemu-kvm (Enterprise Linux), then restart libvirt.",
        ),
    )


CHECKS = (
    Check(
        "cpu.kvm",
        msg("checks.kvm.title", "Hardware virtualization"),
        msg(
            "checks.kvm.why",
            "Without it guests run ten to a hundred times slower: enough to try things out, not to work.",
        ),
        check_kvm,
    ),
    Check(
        "libvirt.connection",
        msg("checks.libvirt.title", "libvirt"),
        msg("checks.libvirt.why", "Every guest of this host, the engine VM too, is defined and run by libvirt."),
        check_libvirt,
    ),
    Check(
        "qemu.present",
        msg("checks.qemu.title", "QEMU"),
        msg("checks.qemu.why", "libvirt runs guests with it."),
        check_qemu,
    ),
)
