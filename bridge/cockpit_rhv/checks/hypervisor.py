# SPDX-License-Identifier: Apache-2.0
"""What libvirt has on this host, read once for all checks of a run: domains and networks, as plain values."""

from __future__ import annotations

import ipaddress
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..machines.faults import from_libvirt
from ..machines.limited import open_limited
from ..machines.opening import DEFAULT_URI, version_text
from ..machines.states import reason_name, state_name
from ..machines.xml import ENGINE_TAG

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..machines.opening import Opened

READ_WRITE = "read-write"
READ_ONLY = "read-only"


@dataclass(frozen=True)
class DomainFact:
    """``job``: the deployment that made this engine VM, None for a domain that is not ours.

    ``state`` and ``reason``: names of :mod:`~cockpit_rhv.machines.states`. ``disks``: the files among them.
    ``cpu_features``: those it requires. ``host_devices``: PCI devices of the host it gets. ``launch_security``: its
    type as libvirt names it. ``huge_page_kib``: size of its memory's huge pages, 0 for the host's own
    size, None without them.
    """

    name: str
    uuid: str
    active: bool
    job: str | None
    macs: Sequence[str]
    disks: Sequence[str]
    vcpus: int = 0
    memory_mib: int = 0
    state: str = "unknown"
    reason: str | None = None
    cpu_features: Sequence[str] = ()
    host_devices: int = 0
    launch_security: str | None = None
    huge_page_kib: int | None = None


@dataclass(frozen=True)
class NetworkFact:
    """``forward``: nat, route, open, bridge…, None for an isolated one. ``subnets``: the host's own ends of it.

    ``dhcp_ranges``: first and last address that it leases. ``reserved``: MAC address, or name, by the address that is
    kept for it.
    """

    name: str
    active: bool
    forward: str | None
    bridge: str | None
    subnets: Sequence[ipaddress.IPv4Interface]
    dhcp: bool
    dhcp_ranges: Sequence[tuple[ipaddress.IPv4Address, ipaddress.IPv4Address]] = ()
    reserved: Mapping[ipaddress.IPv4Address, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hypervisor:
    """``access``: read-write or read-only. ``refusal``: why it is not read-write, libvirt's words.

    ``qemu_ids``: user and group QEMU runs as, None when libvirt does not say. ``qemu_version``: None without QEMU.
    ``security_models``: what libvirt confines guests with, ``dac`` and perhaps ``selinux`` or ``apparmor``.
    """

    uri: str
    access: str
    refusal: str | None
    version: str
    domains: Sequence[DomainFact]
    networks: Sequence[NetworkFact]
    domain_types: Sequence[str]
    emulator: str | None
    qemu_ids: tuple[int, int] | None
    qemu_version: str | None = None
    security_models: Sequence[str] = ()

    def domain(self, name: str) -> DomainFact | None:
        """The domain of that name."""
        return next((domain for domain in self.domains if domain.name == name), None)

    def network(self, name: str) -> NetworkFact | None:
        """The network of that name."""
        return next((network for network in self.networks if network.name == name), None)


def read_hypervisor(uri: str = DEFAULT_URI) -> Hypervisor:
    """Connect, read and disconnect. Raises RhvError ``libvirt.*``."""
    opened, refusal = _open(uri)
    import libvirt

    connection = opened.conn
    try:
        capabilities = parse(connection.getCapabilities())
        emulator, types = _guest_support(capabilities)
        return Hypervisor(
            uri=uri,
            access=opened.access,
            refusal=refusal,
            version=opened.version,
            domains=_domains(libvirt, connection),
            networks=_networks(libvirt, connection),
            domain_types=types,
            emulator=emulator,
            qemu_ids=_qemu_ids(capabilities),
            qemu_version=_qemu_version(libvirt, connection),
            security_models=[model.findtext("model", "") for model in capabilities.iterfind("host/secmodel")],
        )
    except libvirt.libvirtError as error:
        raise from_libvirt(error) from error
    finally:
        connection.close()


def _open(uri: str) -> tuple[Opened, str | None]:
    try:
        opened = open_limited(uri, writable=True)
        return (
            opened,
            None if opened.access == READ_WRITE else "libvirt asks for a password before it lets anybody write",
        )
    except RhvError as refused:
        if refused.code in ("libvirt.absent", "libvirt.silent"):
            raise
        return open_limited(uri, writable=False), refused.detail or str(refused.message)


def _domains(libvirt: Any, connection: Any) -> list[DomainFact]:
    found = []
    for domain in connection.listAllDomains():
        try:
            root = parse(domain.XMLDesc())
            active = bool(domain.isActive())
            state, reason = domain.state()
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                continue  # ended between the list and the question
            raise
        found.append(domain_fact(root, active, state, reason))
    return found


def domain_fact(root: ET.Element, active: bool, state: int = 0, reason: int = 0) -> DomainFact:
    """What a domain's XML says about it, and libvirt's numbers for its state."""
    mark = root.find(f"metadata/{ENGINE_TAG}")
    name = state_name(state)
    return DomainFact(
        name=root.findtext("name", ""),
        uuid=root.findtext("uuid", ""),
        active=active,
        job=None if mark is None else mark.get("job", ""),
        macs=[mac.get("address", "").lower() for mac in root.iterfind("devices/interface/mac")],
        disks=[path for source in root.iterfind("devices/disk/source") if (path := source.get("file"))],
        vcpus=int(root.findtext("vcpu", "0")),
        memory_mib=int(root.findtext("memory", "0")) // 1024,  # libvirt itself always writes KiB
        state=name,
        reason=reason_name(name, reason),
        cpu_features=[feature.get("name", "") for feature in root.iterfind("cpu/feature[@policy='require']")],
        host_devices=len(root.findall("devices/hostdev[@type='pci']"))
        + len(root.findall("devices/interface[@type='hostdev']")),
        launch_security=None if (security := root.find("launchSecurity")) is None else security.get("type", ""),
        huge_page_kib=_huge_page_kib(root),
    )


#: Multiples of a KiB; libvirt itself writes KiB, definitions of others what their authors liked.
_UNITS_KIB = {"KiB": 1, "k": 1, "MiB": 1024, "M": 1024, "GiB": 1024 * 1024, "G": 1024 * 1024}


def _huge_page_kib(root: ET.Element) -> int | None:
    if root.find("memoryBacking/hugepages") is None:
        return None
    page = root.find("memoryBacking/hugepages/page")
    if page is None:
        return 0
    return int(page.get("size", "0")) * _UNITS_KIB.get(page.get("unit", "KiB"), 1)


def _qemu_version(libvirt: Any, connection: Any) -> str | None:
    try:
        return version_text(connection.getVersion())
    except libvirt.libvirtError as error:
        if error.get_error_code() in (libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_ERR_NO_SUPPORT):
            return None  # libvirt's answer where there is no emulator
        raise


def _networks(libvirt: Any, connection: Any) -> list[NetworkFact]:
    try:
        networks = connection.listAllNetworks()
    except libvirt.libvirtError as error:
        # A host whose libvirt has no network driver has no networks, and may still have bridges.
        if error.get_error_code() in (libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_NO_CONNECT):
            return []
        raise
    return [network_fact(parse(network.XMLDesc()), bool(network.isActive())) for network in networks]


def network_fact(root: ET.Element, active: bool) -> NetworkFact:
    """What a network's XML says about it."""
    forward = root.find("forward")
    bridge = root.find("bridge")
    return NetworkFact(
        name=root.findtext("name", ""),
        active=active,
        forward=None if forward is None else forward.get("mode", "nat"),
        bridge=None if bridge is None else bridge.get("name"),
        subnets=[_subnet(element) for element in _ipv4(root)],
        dhcp=root.find("ip/dhcp") is not None,
        dhcp_ranges=[
            (ipaddress.IPv4Address(item.get("start", "")), ipaddress.IPv4Address(item.get("end", "")))
            for element in _ipv4(root)
            for item in element.iterfind("dhcp/range")
        ],
        reserved={
            ipaddress.IPv4Address(item.get("ip", "")): item.get("mac", "").lower() or item.get("name", "")
            for element in _ipv4(root)
            for item in element.iterfind("dhcp/host[@ip]")
        },
    )


def _ipv4(root: ET.Element) -> list[ET.Element]:
    return [element for element in root.iterfind("ip") if element.get("family", "ipv4") == "ipv4"]


def _subnet(element: ET.Element) -> ipaddress.IPv4Interface:
    return ipaddress.IPv4Interface(f"{element.get('address')}/{element.get('prefix') or element.get('netmask', '32')}")


def _guest_support(capabilities: ET.Element) -> tuple[str | None, list[str]]:
    """Emulator and domain types for 64-bit x86 guests."""
    arch = capabilities.find("guest[os_type='hvm']/arch[@name='x86_64']")
    if arch is None:
        return None, []
    types = {domain.get("type", "") for domain in arch.iterfind("domain")}
    return arch.findtext("emulator"), sorted(types)


def _qemu_ids(capabilities: ET.Element) -> tuple[int, int] | None:
    """From the base label of the DAC security model, ``+64055:+64055``."""
    for model in capabilities.iterfind("host/secmodel"):
        if model.findtext("model") == "dac":
            user, _, group = model.findtext("baselabel[@type='qemu']", "").partition(":")
            if user.lstrip("+").isdigit() and group.lstrip("+").isdigit():
                return int(user), int(group)
    return None


def parse(xml: str) -> ET.Element:
    """XML that libvirt wrote; it never has a document type, so nothing in it can expand."""
    return ET.fromstring(xml)  # noqa: S314
