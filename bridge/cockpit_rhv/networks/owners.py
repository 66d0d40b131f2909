# SPDX-License-Identifier: Apache-2.0
"""Who looks after an interface: NetworkManager, ifupdown, systemd-networkd, libvirt, vdsm, or nobody."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .links import Link
    from .nm import Manager

_VDSM_NETS = "var/lib/vdsm/persistence/netconf/nets"
_ENGINE = "etc/cockpit-rhv/engine.json"
#: ``source`` within ``source``: further than anybody goes.
_DEPTH = 4


class Owner(NamedTuple):
    """``kind``: networkmanager, ifupdown, networkd, libvirt, vdsm, nobody or unknown.

    ``name``: its profile or network. ``file``: where that is written down. ``protected``: nothing here changes it.
    ``engine``: that is because the hosted engine is reached over it.
    """

    kind: str
    name: str | None = None
    file: str | None = None
    protected: bool = False
    engine: bool = False


class Written(NamedTuple):
    """What files of the host say. By interface: the file of its ifupdown stanza, networkd's file, vdsm's network.

    ``engine``: the bridge that the hosted engine is on, and all that it is made of.
    """

    ifupdown: Mapping[str, str]
    networkd: Mapping[str, str]
    vdsm: Mapping[str, str]
    engine: frozenset[str] = frozenset()


def read_written(links: Mapping[str, Link], root: Path = Path("/")) -> Written:
    """What cannot be read is left out: most hosts have one of the three at most."""
    return Written(dict(ifupdown_files(root)), _networkd(links, root), _vdsm(root), _engine(links, root))


def find_owner(link: Link, written: Written, manager: Manager, libvirt_bridges: Mapping[str, str]) -> Owner:
    """Who configures ``link``. ``libvirt_bridges``: bridge to the name of the libvirt network it belongs to."""
    owner = _owner(link, written, manager, libvirt_bridges)
    return owner._replace(protected=True, engine=True) if link.name in written.engine else owner


def _owner(link: Link, written: Written, manager: Manager, libvirt_bridges: Mapping[str, str]) -> Owner:
    name = link.name
    device = manager.devices.get(name)
    if name in written.vdsm:
        return Owner("vdsm", written.vdsm[name], f"/{_VDSM_NETS}/{written.vdsm[name]}", protected=True)
    if name in libvirt_bridges:
        return Owner("libvirt", libvirt_bridges[name], protected=True)
    if device is not None and device.managed:
        profile = manager.profiles.get(device.uuid or "")
        return Owner("networkmanager", device.profile, profile.file if profile else None)
    if name in written.ifupdown:
        return Owner("ifupdown", None, written.ifupdown[name])
    if name in written.networkd:
        return Owner("networkd", None, written.networkd[name])
    # NetworkManager that cannot be asked may manage it all the same
    return Owner("unknown" if manager.state == "unknown" else "nobody")


def ifupdown_files(root: Path = Path("/")) -> Iterator[tuple[str, str]]:
    """Interface and the file of its ``iface`` stanza, interfaces(5) with ``source`` and ``source-directory``."""
    if (root / "etc/network/interfaces").is_file():
        yield from _stanzas(root, Path("etc/network/interfaces"), 0)


def _stanzas(root: Path, file: Path, depth: int) -> Iterator[tuple[str, str]]:
    try:
        text = (root / file).read_text("utf-8", "replace")
    except OSError:
        return
    for line in text.replace("\\\n", " ").splitlines():
        words = line.split()
        if len(words) < 2:
            continue
        if words[0] == "iface" and words[1] != "lo":
            yield words[1], f"/{file}"
        if words[0] in ("source", "source-directory") and depth < _DEPTH:
            pattern = words[1] if words[1].startswith("/") else f"/{file.parent}/{words[1]}"
            if words[0] == "source-directory":
                pattern = f"{pattern.rstrip('/')}/*"
            for found in sorted(root.glob(pattern.lstrip("/"))):
                # a whole folder's files count by interfaces(5)'s rule for names: no editor's backup
                if words[0] == "source" or re.fullmatch(r"[a-zA-Z0-9_-]+", found.name):
                    yield from _stanzas(root, found.relative_to(root), depth + 1)


def _networkd(links: Mapping[str, Link], root: Path) -> dict[str, str]:
    """systemd-networkd's own note for each interface, there while it runs: the file that applies."""
    found = {}
    for link in links.values():
        note = root / "run/systemd/netif/links" / str(link.index)
        try:
            values = dict(line.partition("=")[::2] for line in note.read_text("utf-8", "replace").splitlines())
        except OSError:
            continue
        if values.get("ADMIN_STATE") not in (None, "unmanaged") and values.get("NETWORK_FILE"):
            found[link.name] = values["NETWORK_FILE"]
    return found


def _vdsm(root: Path) -> dict[str, str]:
    """Every interface that one of vdsm's networks is made of, and the network."""
    found: dict[str, str] = {}
    try:
        files = sorted((root / _VDSM_NETS).iterdir())
    except OSError:
        return found
    for file in files:
        found[file.name] = file.name
        try:
            net = json.loads(file.read_text("utf-8"))
        except (OSError, ValueError):
            continue  # its bridge, at least, bears its name
        if isinstance(net, dict):
            lower = [net[key] for key in ("nic", "bonding") if isinstance(net.get(key), str)]
            found.update((name, file.name) for name in lower)
            if net.get("vlan") is not None:
                found.update((f"{name}.{net['vlan']}", file.name) for name in lower)
    return found


def _engine(links: Mapping[str, Link], root: Path) -> frozenset[str]:
    """The engine's bridge, by the file that its deployment left, and whatever that bridge is made of."""
    try:
        config = json.loads((root / _ENGINE).read_text("utf-8"))
    except (OSError, ValueError):
        return frozenset()
    if not isinstance(config, dict) or config.get("network_kind") != "bridge":
        return frozenset()  # behind libvirt's NAT, whose bridge is protected anyway
    found: set[str] = set()
    waiting = [str(config.get("network_name"))]
    while waiting:
        name = waiting.pop()
        if name in links and name not in found:
            found.add(name)
            waiting += links[name].members
    return frozenset(found)
