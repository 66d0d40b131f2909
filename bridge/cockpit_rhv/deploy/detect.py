# SPDX-License-Identifier: Apache-2.0
"""Sound answers for this host: what its facts and libvirt's networks suggest."""

from __future__ import annotations

import ipaddress
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..checks.resources import RESERVE_MIB
from ..errors import RhvError
from ..storage.qcow2 import read_header
from .formats import check_fqdn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..checks.hypervisor import Hypervisor, NetworkFact
    from ..storage.logical import Group

GIB = 2**30
#: Where an image is looked for besides the default path.
IMAGE_FOLDER = Path("/usr/share/cockpit-rhv/appliance")


@dataclass(frozen=True)
class Host:
    """What is looked at. ``facts``: HostFacts. ``hypervisor`` None: libvirt cannot be asked."""

    facts: Mapping[str, Any]
    hypervisor: Hypervisor | None
    images: Sequence[Path] = ()
    groups: Sequence[Group] = ()

    @property
    def bridges(self) -> list[Mapping[str, Any]]:
        """The host's bridges, without those libvirt made for its own networks."""
        libvirts = {network.bridge for network in self.networks}
        return [nic for nic in self.facts["nics"] if nic["kind"] == "bridge" and nic["name"] not in libvirts]

    @property
    def networks(self) -> Sequence[NetworkFact]:
        """libvirt's networks a guest can be connected to by name and gets out of."""
        known = self.hypervisor.networks if self.hypervisor else ()
        return [network for network in known if network.forward in ("nat", "route", "open")]


def detect_answers(host: Host) -> dict[str, Any]:
    """Dotted path to value, for the answers that have a better one here than the schema's default."""
    found: dict[str, Any] = {"engine.fqdn": suggest_fqdn(host.facts)}
    found.update(_size(host))
    found.update(_network(host))
    name = host.facts["fqdn"] or host.facts["hostname"]
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}", name):
        found["host.name"] = name
    return found


def suggest_fqdn(facts: Mapping[str, Any]) -> str:
    """`engine` in the host's domain; without one in a domain named after the host, below `internal`.

    `internal` is the top level set aside for private use (ICANN, 2024), unlike `local`, which belongs to mDNS.
    """
    own = str(facts["fqdn"] or facts["hostname"]).lower()
    search = next(iter(facts["dns"]["search"]), "")
    domain = own.partition(".")[2] or search.rstrip(".").lower()
    if not domain or check_fqdn(f"engine.{domain}") is not None:
        label = re.sub(r"[^a-z0-9]+", "-", own.partition(".")[0]).strip("-")[:63].strip("-")
        domain = f"{label or 'host'}.internal"
    engine = f"engine.{domain}"
    return f"manager.{domain}" if engine == own else engine


def _size(host: Host) -> dict[str, Any]:
    """Only what must be smaller or larger than the default."""
    found: dict[str, Any] = {}
    memory = host.facts["memory"]
    room = memory["available_mib"] - RESERVE_MIB
    if room < 1024:
        # Below the least that is allowed the preflight says what is wrong; a default cannot mend it.
        found["engine.memory_mib"] = max(768, room // 64 * 64)
    # Emulating two at once QEMU 10 fails now and then in a first boot, silently or with iotlb_to_section's assertion.
    if host.facts["cpu"]["threads"] < 2 or not host.facts["kvm"]["usable"]:
        found["engine.vcpus"] = 1
    if host.images:
        image = host.images[0]
        found["image.path"] = str(image)
        least = _image_gib(image)
        if least is not None and least > 10:
            found["engine.disk_gib"] = least
    return found


def _image_gib(image: Path) -> int | None:
    try:
        return math.ceil(read_header(image).virtual_size / GIB)
    except (OSError, RhvError):
        return None  # the preflight says what is wrong with it


def _network(host: Host) -> dict[str, Any]:
    bridges = host.bridges
    routed = next((nic for nic in bridges if nic["gateway"]), None)
    if routed is not None:
        return _bridged(routed, host.facts)
    if host.networks:
        names = [network.name for network in host.networks]
        return {"network.kind": "nat", "network.name": "default" if "default" in names else names[0]}
    return _bridged(bridges[0], host.facts) if bridges else {}


def _bridged(nic: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"network.kind": "bridge", "network.name": nic["name"]}
    own = [item for item in nic["addresses"] if item["family"] == "ipv4"]
    if any(item["dynamic"] for item in own) or not own:
        found["network.mode"] = "dhcp"
        return found
    # A host with a fixed address is on a network whose addresses somebody gives out; which is free, nobody can guess.
    found["network.mode"] = "static"
    if nic["gateway"] and ":" not in nic["gateway"]:
        found["network.gateway"] = nic["gateway"]
    servers = [server for server in facts["dns"]["servers"] if not ipaddress.ip_address(server).is_loopback]
    if servers:
        found["network.dns"] = servers[:3]
    return found


def find_images(default: str, folder: Path = IMAGE_FOLDER) -> list[Path]:
    """Appliance images on this host, the default one first, then the newest."""
    found = []
    if folder.is_dir():
        found = sorted(folder.glob("*.qcow2"), key=lambda path: path.stat().st_mtime, reverse=True)
    first = Path(default)
    return [first, *(path for path in found if path != first)] if first.is_file() else found
