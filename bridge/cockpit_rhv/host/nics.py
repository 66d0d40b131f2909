# SPDX-License-Identifier: Apache-2.0
"""Network interfaces: what they are and how they hang together (sysfs), their addresses and gateways (`ip`)."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .files import read_optional, read_optional_int
from .ip import NO_GATEWAYS, Address, Gateways, read_addresses, read_gateways, run_ip

if TYPE_CHECKING:
    from .ip import RunIp

_ARPHRD_LOOPBACK = 772
_IFF_UP = 0x1


@dataclass(frozen=True)
class Nic:
    """One interface. ``kind``: ethernet, bridge, bond, vlan, virtual or loopback.

    ``members``: ports of a bridge, NICs of a bond, the parent of a VLAN. ``controller``: the bridge or bond it is in.
    ``speed_mbps``: None when the link is down or has none. ``gateways``: of its best default route per family.
    """

    name: str
    kind: str
    mac: str | None
    up: bool
    mtu: int
    speed_mbps: int | None
    controller: str | None
    members: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = field(default=())
    gateways: Gateways = NO_GATEWAYS
    vlan_id: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Definition ``Nic`` of ``schemas/common.json``."""
        return {
            "name": self.name,
            "kind": self.kind,
            "mac": self.mac,
            "up": self.up,
            "mtu": self.mtu,
            "speed_mbps": self.speed_mbps,
            "addresses": [address._asdict() for address in self.addresses],
            "gateway": self.gateways.ipv4 or self.gateways.ipv6,
            "members": list(self.members),
            "controller": self.controller,
        }


def read_nics(root: Path = Path("/"), run: RunIp = run_ip) -> list[Nic]:
    """All interfaces, sorted by name. Link-local addresses are left out: nobody configures or reaches a host by them.

    Raises RhvError ``host.ip_failed`` when `ip` does.
    """
    addresses = read_addresses(run)
    gateways = read_gateways(run)
    vlan_ids = _read_vlan_ids(root)
    folder = root / "sys/class/net"
    nics = []
    # /sys/class/net also holds plain files (bonding_masters).
    for device in sorted(path for path in folder.iterdir() if path.is_dir()):
        name = device.name
        nics.append(
            _read_nic(device, tuple(addresses.get(name, ())), gateways.get(name, NO_GATEWAYS), vlan_ids.get(name))
        )
    return nics


def _read_vlan_ids(root: Path) -> dict[str, int]:
    """/proc/net/vlan/config: ``name | id | parent`` below two lines of headings; absent without the 8021q module."""
    rows = (line.split("|") for line in (read_optional(root / "proc/net/vlan/config") or "").splitlines()[2:])
    return {row[0].strip(): int(row[1]) for row in rows if len(row) == 3}


def _read_nic(device: Path, addresses: tuple[Address, ...], gateways: Gateways, vlan_id: int | None) -> Nic:
    kind = _kind(device)
    controller = device / "master"
    mac = read_optional(device / "address")
    speed = read_optional_int(device / "speed")
    return Nic(
        name=device.name,
        kind=kind,
        mac=mac if mac and mac.strip("0:") else None,
        up=_is_up(device),
        mtu=read_optional_int(device / "mtu") or 0,
        # -1 and 2^32-1 both stand for unknown, by driver
        speed_mbps=speed if speed is not None and 0 < speed < 2**31 else None,
        controller=controller.resolve().name if controller.is_symlink() else None,
        members=_members(device, kind),
        addresses=addresses,
        gateways=gateways,
        vlan_id=vlan_id,
    )


def _kind(device: Path) -> str:
    if read_optional_int(device / "type") == _ARPHRD_LOOPBACK:
        return "loopback"
    if (device / "bridge").is_dir():
        return "bridge"
    if (device / "bonding").is_dir():
        return "bond"
    if "DEVTYPE=vlan" in (read_optional(device / "uevent") or "").splitlines():
        return "vlan"
    # Only what a bus drives has a device; veth, tap, dummy and the like have none.
    return "ethernet" if (device / "device").exists() else "virtual"


def _is_up(device: Path) -> bool:
    state = read_optional(device / "operstate")
    if state == "unknown":
        # Drivers without carrier detection (lo, tun) never say up.
        return bool(int(read_optional(device / "flags") or "0", 16) & _IFF_UP)
    return state == "up"


def _members(device: Path, kind: str) -> tuple[str, ...]:
    if kind == "bridge":
        return tuple(sorted(port.name for port in (device / "brif").iterdir()))
    if kind == "bond":
        return tuple((read_optional(device / "bonding/slaves") or "").split())
    if kind == "vlan":
        return tuple(sorted(path.name[len("lower_") :] for path in device.glob("lower_*")))
    return ()
