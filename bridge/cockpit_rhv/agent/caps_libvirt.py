# SPDX-License-Identifier: Apache-2.0
"""What libvirt adds to Host.getCapabilities: machine types, CPU models, versions (shared fact sheet vdsm.md, 3.2)."""

from __future__ import annotations

import logging
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import libvirt

logger = logging.getLogger(__name__)


class LibvirtCaps(NamedTuple):
    """``cpu_flags``: beyond /proc/cpuinfo, features and ``model_<name>``; ``tsc_hz``: None when unknown."""

    emulated_machines: tuple[str, ...]
    cpu_flags: tuple[str, ...]
    tsc_hz: str | None
    tsc_scaling: bool
    libvirt_version: str
    qemu_version: str


def read_libvirt_caps(conn: libvirt.virConnect, kvm: bool) -> LibvirtCaps:
    """``kvm``: ask for what hardware virtualization gives, else for emulation. Blocks; raises libvirt's errors."""
    root = ET.fromstring(conn.getCapabilities())  # noqa: S314 - libvirt's own
    arch = root.findtext("host/cpu/arch", "")
    counter = root.find("host/cpu/counter[@name='tsc']")
    return LibvirtCaps(
        emulated_machines=emulated_machines(root, arch, "kvm" if kvm else "qemu"),
        cpu_flags=_domain_cpu_flags(conn, arch, "kvm" if kvm else "qemu"),
        tsc_hz=None if counter is None else counter.get("frequency"),
        tsc_scaling=counter is not None and counter.get("scaling") == "yes",
        libvirt_version=_version(conn.getLibVersion()),
        qemu_version=_version(conn.getVersion()),
    )


def emulated_machines(caps: ET.Element, arch: str, domain_type: str) -> tuple[str, ...]:
    """Machine types of the domain type, with the names their aliases stand for; else those of the architecture."""
    found: list[str] = []
    for guest in caps.findall(f"guest/arch[@name='{arch}']"):
        machines = guest.findall(f"domain[@type='{domain_type}']/machine") or guest.findall("machine")
        for machine in machines:
            found += [machine.text or "", machine.get("canonical", "")]
    return tuple(dict.fromkeys(name for name in found if name))


def _domain_cpu_flags(conn: libvirt.virConnect, arch: str, domain_type: str) -> tuple[str, ...]:
    import libvirt

    try:
        text = conn.getDomainCapabilities(None, arch, None, domain_type)
    except libvirt.libvirtError as error:
        # Older drivers cannot tell, and some architectures have no CPU models.
        logger.info("no CPU models from libvirt: %s", error)
        return ()
    return domain_cpu_flags(ET.fromstring(text))  # noqa: S314 - libvirt's own


def domain_cpu_flags(domain_caps: ET.Element) -> tuple[str, ...]:
    """Features the host model requires, and ``model_<name>`` of each usable model; a Manager sorts hosts by them."""
    required = [
        feature.get("name", "")
        for feature in domain_caps.findall("cpu/mode[@name='host-model']/feature[@policy='require']")
    ]
    models = [
        model.text or ""
        for model in domain_caps.findall("cpu/mode[@name='custom']/model[@usable='yes']")
    ]  # fmt: skip
    # vdsm's word for the mitigation that these models carry
    mitigated = ["spec_ctrl"] if any(model.endswith("-IBRS") for model in models) else []
    return (*required, *mitigated, *(f"model_{model}" for model in models))


def _version(number: int) -> str:
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"


def packages(caps: LibvirtCaps) -> dict[str, Any]:
    """The part of ``packages2`` that runs rather than lies installed."""
    return {"libvirt": {"version": caps.libvirt_version}, "qemu-kvm": {"version": caps.qemu_version}}
