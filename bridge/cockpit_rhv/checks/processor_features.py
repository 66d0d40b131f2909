# SPDX-License-Identifier: Apache-2.0
"""What guests ask of the processor beyond running: guests of their own, devices passed through, encrypted memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..host.files import read_text
from ..messages import msg
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .context import Context
    from .hypervisor import DomainFact

_MODULES = {"vmx": "kvm_intel", "svm": "kvm_amd"}
_ON = ("Y", "1")


def _switch(path: Path) -> bool | None:
    """A parameter of a module; None where the module has none. Raises OSError when it cannot be read."""
    try:
        return read_text(path) in _ON
    except FileNotFoundError:
        return None


def _names(domains: Sequence[DomainFact]) -> str:
    return ", ".join(domain.name for domain in domains)


def check_nested(context: Context) -> Outcome:
    """The parameter of the KVM module, and the guests whose definition requires it."""
    flag = context.facts["cpu"]["virtualization_flag"]
    if flag is None:
        text = msg("checks.nested.no_kvm", "This host runs guests without hardware virtualization.")
        return Outcome(NOT_APPLICABLE, text, [Evidence("/proc/cpuinfo", "neither vmx nor svm")])
    module = _MODULES[flag]
    source = f"sys/module/{module}/parameters/nested"
    nested = _switch(context.probes.root / source)
    if nested is None:
        (context.probes.root / "sys/module").stat()  # else nothing was looked at
        text = msg("checks.nested.no_module", "The module {module} is not loaded, so nobody can tell.", module=module)
        remedy = msg("checks.nested.no_module.remedy", "Load it: modprobe {module}", module=module)
        return Outcome(UNKNOWN, text, [Evidence(f"/{source}", "absent")], remedy)
    evidence = [Evidence(f"/{source}", "on" if nested else "off")]
    if nested:
        return Outcome(OK, msg("checks.nested.ok", "Guests may run guests of their own."), evidence)
    wanting = [domain for domain in context.hypervisor.domains if {"vmx", "svm"} & set(domain.cpu_features)]
    evidence += [Evidence(f"virDomainGetXMLDesc({domain.name})", f"requires {flag}") for domain in wanting]
    if not wanting:
        text = msg("checks.nested.unused", "Nested virtualization is off, and no guest requires it.")
        return Outcome(NOT_APPLICABLE, text, evidence)
    return Outcome(
        WARNING,
        msg("checks.nested.off", "Nested virtualization is off, but required by: {guests}", guests=_names(wanting)),
        evidence,
        msg(
            "checks.nested.remedy",
            "echo options {module} nested=1 > /etc/modprobe.d/kvm-nested.conf; then, with all guests off: "
            "modprobe -r {module} && modprobe {module}",
            module=module,
        ),
    )


def check_iommu(context: Context) -> Outcome:
    """The kernel's groups of devices; without one, whether the firmware describes an IOMMU that is not used."""
    root = context.probes.root
    try:
        groups = len(list((root / "sys/kernel/iommu_groups").iterdir()))
    except FileNotFoundError:
        (root / "sys/kernel").stat()
        groups = 0
    evidence = [Evidence("/sys/kernel/iommu_groups", f"{groups} groups")]
    if groups:
        text = msg("checks.iommu.ok", "Devices can be given to guests ({groups} groups).", groups=groups)
        return Outcome(OK, text, evidence)
    wanting = [domain for domain in context.hypervisor.domains if domain.host_devices]
    evidence += [
        Evidence(f"virDomainGetXMLDesc({domain.name})", f"{domain.host_devices} devices of the host")
        for domain in wanting
    ]
    table = next((name for name in ("DMAR", "IVRS") if (root / "sys/firmware/acpi/tables" / name).exists()), None)
    evidence.append(Evidence("/sys/firmware/acpi/tables", table or "neither DMAR nor IVRS"))
    if not wanting:
        text = (
            msg("checks.iommu.off", "The IOMMU of this host is switched off, and no guest needs it.")
            if table
            else msg("checks.iommu.none", "This host has no IOMMU, and no guest needs one.")
        )
        return Outcome(NOT_APPLICABLE, text, evidence)
    remedy = msg(
        "checks.iommu.remedy",
        "Switch on VT-d or AMD-Vi in the firmware, add intel_iommu=on (Intel) to the kernel's command line, and "
        "restart the host.",
    )
    text = msg(
        "checks.iommu.needed",
        "Without an IOMMU these guests, which use devices of the host, do not start: {guests}",
        guests=_names(wanting),
    )
    return Outcome(ERROR, text, evidence, remedy)


def check_secure_guests(context: Context) -> Outcome:
    """SEV, TDX and Secure Execution: what the processor has, what the kernel has switched on, what guests ask for."""
    root = context.probes.root
    flags = _flags(read_text(root / "proc/cpuinfo"))
    found = {
        "SEV": ("sev" in flags, _switch(root / "sys/module/kvm_amd/parameters/sev")),
        "TDX": ("tdx_host_platform" in flags, _switch(root / "sys/module/kvm_intel/parameters/tdx")),
        "Secure Execution": (
            (root / "sys/firmware/uv").exists(),
            _switch(root / "sys/firmware/uv/prot_virt_host"),
        ),
    }
    offered = [name for name, (has, _) in found.items() if has]
    usable = [name for name, (has, on) in found.items() if has and on]
    wanting = [domain for domain in context.hypervisor.domains if domain.launch_security]
    evidence = [
        Evidence(
            name, f"processor {'yes' if has else 'no'}, kernel {'no answer' if on is None else 'on' if on else 'off'}"
        )
        for name, (has, on) in found.items()
    ]
    evidence += [Evidence(f"virDomainGetXMLDesc({guest.name})", f"{guest.launch_security}") for guest in wanting]
    values = {"kinds": ", ".join(usable)}
    if "SEV" in usable and not (root / "dev/sev").exists():
        text = msg("checks.secure.no_device", "The processor encrypts guests (SEV), but /dev/sev is missing.")
        remedy = msg(
            "checks.secure.no_device.remedy", "Load the driver with “modprobe ccp”; update the firmware if it refuses."
        )
        return Outcome(WARNING, text, [*evidence, Evidence("/dev/sev", "absent")], remedy)
    lacking = [guest for guest in wanting if _KINDS.get(guest.launch_security or "", "") not in usable]
    if lacking:
        text = msg(
            "checks.secure.lacking",
            "These guests ask for encrypted memory that this host does not give: {guests}",
            guests=_names(lacking),
        )
        return Outcome(
            ERROR,
            text,
            evidence,
            msg(
                "checks.secure.remedy",
                "Switch on SEV (kvm_amd.sev=1), TDX (kvm_intel.tdx=1) or Secure Execution (prot_virt=1) in the "
                "firmware and on the kernel's command line, or move the guests to a host that has it.",
            ),
        )
    if usable:
        return Outcome(
            OK, msg("checks.secure.ok", "Guests with encrypted memory can run here: {kinds}", **values), evidence
        )
    if offered:
        text = msg(
            "checks.secure.off",
            "The processor could encrypt guests ({kinds}); it is switched off, and no guest asks for it.",
            kinds=", ".join(offered),
        )
        return Outcome(NOT_APPLICABLE, text, evidence)
    text = msg("checks.secure.none", "This processor does not encrypt guests, and no guest asks for it.")
    return Outcome(NOT_APPLICABLE, text, evidence)


#: ``launchSecurity/@type`` of libvirt.
_KINDS = {"sev": "SEV", "sev-snp": "SEV", "tdx": "TDX", "s390-pv": "Secure Execution"}


def _flags(cpuinfo: str) -> set[str]:
    """Of the first processor; they are the same on all."""
    for line in cpuinfo.splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("flags", "features", "Features"):
            return set(value.split())
    return set()


CHECKS = (
    Check(
        "cpu.nested",
        msg("checks.nested.title", "Nested virtualization"),
        msg("checks.nested.why", "A guest that runs guests of its own does not start, or crawls, without it."),
        check_nested,
        health_only=True,
    ),
    Check(
        "cpu.iommu",
        msg("checks.iommu.title", "IOMMU"),
        msg(
            "checks.iommu.why",
            "Only with it can a device of the host be given to a guest without opening all memory to it.",
        ),
        check_iommu,
        health_only=True,
    ),
    Check(
        "cpu.secure_guests",
        msg("checks.secure.title", "Secure guests"),
        msg(
            "checks.secure.why",
            "Guests whose memory the host itself must not read start only where the processor encrypts it.",
        ),
        check_secure_guests,
        health_only=True,
    ),
)
