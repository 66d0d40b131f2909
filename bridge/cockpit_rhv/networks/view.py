# SPDX-License-Identifier: Apache-2.0
"""The whole of the host's networks in one reading: topic ``networks``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .counters import read_counters, traffic
from .handover import handover_steps
from .links import read_kernel
from .nm import read_manager
from .owners import Owner, find_owner, read_written

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..errors import RhvError
    from .commands import Run
    from .counters import Reading
    from .links import Kernel, Link
    from .nm import Manager
    from .owners import Written
    from .virtual import Tap, Virtual


@dataclass(frozen=True)
class Structure:
    """What changes seldom: read when the kernel says that something did."""

    kernel: Kernel
    manager: Manager
    written: Written


def read_structure(run: Run, root: Path = Path("/")) -> Structure:
    """Blocks, some 100 ms where nmcli is. Raises RhvError ``networks.*``."""
    kernel = read_kernel(run, root)
    return Structure(kernel, read_manager(run), read_written(kernel.links, root))


def owner_of(structure: Structure, virtual: Virtual | None, name: str) -> Owner:
    """Who looks after the interface ``name``, which must be there."""
    return find_owner(structure.kernel.links[name], structure.written, structure.manager, _bridges(virtual))


class View:
    """Puts readings together. ``root``: where /proc and /sys are."""

    def __init__(self, root: Path = Path("/")) -> None:
        self._root = root
        self._before: Reading | None = None
        self._now: Reading | None = None

    def count(self) -> None:
        """Read the counters; raises OSError or ValueError."""
        reading = read_counters(self._root)
        self._before, self._now = self._now, reading

    def forget(self) -> None:
        """A pause: the next rate is not a mean over it."""
        self._before = self._now = None

    def to_json(
        self,
        structure: Structure,
        dns: Mapping[str, Any],
        virtual: Virtual | None,
        libvirt_error: RhvError | None,
        change: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Definition ``Networks``. ``change``: definition ``NetworkChange``."""
        taps = virtual.taps if virtual else {}
        shown = {name: link for name, link in structure.kernel.links.items() if not _is_guests(link)}
        return {
            "manager": {
                "state": structure.manager.state,
                "error": structure.manager.error.to_json() if structure.manager.error else None,
            },
            "links": {name: self._link(link, structure, virtual, taps) for name, link in shown.items()},
            "routes": [route._asdict() for route in structure.kernel.routes],
            "dns": dns,
            "libvirt": {
                "networks": dict(virtual.networks) if virtual else {},
                "known": virtual is not None,
                "error": libvirt_error.to_json() if libvirt_error else None,
            },
            "change": change,
        }

    def _link(
        self, link: Link, structure: Structure, virtual: Virtual | None, taps: Mapping[str, Tap]
    ) -> dict[str, Any]:
        owner = find_owner(link, structure.written, structure.manager, _bridges(virtual))
        links = structure.kernel.links
        guests = [_guest(name, taps) for name in link.members if name in links and _is_guests(links[name])]
        return {
            **link.to_json(),
            "members": [name for name in link.members if name not in links or not _is_guests(links[name])],
            "guests": guests,
            "traffic": traffic(self._before, self._now, link.name) if self._now else None,
            "owner": owner._asdict(),
            "handover": [step.to_json() for step in handover_steps(link, owner, structure.manager.state)],
        }


def _is_guests(link: Link) -> bool:
    """A tap in a bridge is a guest's cable: told with the bridge, for there may be hundreds."""
    return link.kind == "tun" and link.controller is not None


def _guest(name: str, taps: Mapping[str, Tap]) -> dict[str, Any]:
    tap = taps.get(name)
    return {"target": name, "name": tap.guest if tap else None, "uuid": tap.uuid if tap else None}


def _bridges(virtual: Virtual | None) -> dict[str, str]:
    """Bridges that libvirt makes itself; one that a network merely uses is somebody else's."""
    networks = virtual.networks if virtual else {}
    return {
        str(network["bridge"]): name
        for name, network in networks.items()
        if network["bridge"] and network["forward"] != "bridge"
    }
