# SPDX-License-Identifier: Apache-2.0
"""What each disk and network card of a running guest does, from two samples of its statistics."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .rates import rounded_rate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .rates import Stats


@dataclass(frozen=True)
class Size:
    """Of a disk, in bytes. ``capacity``: what the guest sees; ``allocation``: what it takes on the host."""

    capacity: int
    allocation: int


@dataclass(frozen=True)
class Devices:
    """By target of a disk and by host's end of a network card; ``rates`` in bytes a second, both ways, None unknown."""

    sizes: dict[str, Size]
    rates: dict[str, tuple[int | None, int | None]]

    def to_json(self) -> dict[str, Any]:
        """Members ``sizes`` and ``rates`` of definition ``GuestDetails`` in ``schemas/common.json``."""
        return {
            "sizes": {name: asdict(size) for name, size in self.sizes.items()},
            "rates": {name: {"read": read, "written": written} for name, (read, written) in self.rates.items()},
        }


NOTHING = Devices({}, {})


def devices_of(old: Stats, new: Stats, elapsed_s: float) -> Devices:
    """``old`` is empty before the second sample: then no rate is known."""
    sizes = {}
    rates = {}
    for name, at in _named(new, "block"):
        capacity, allocation = new.get(f"{at}.capacity"), new.get(f"{at}.allocation")
        if capacity is not None and allocation is not None:
            sizes[name] = Size(capacity, allocation)
        rates[name] = (_rate(old, new, f"{at}.rd.bytes", elapsed_s), _rate(old, new, f"{at}.wr.bytes", elapsed_s))
    for name, at in _named(new, "net"):
        # what the host's end takes in is what the guest receives: libvirt has turned them already
        rates[name] = (_rate(old, new, f"{at}.rx.bytes", elapsed_s), _rate(old, new, f"{at}.tx.bytes", elapsed_s))
    return Devices(sizes, rates)


def _named(stats: Stats, group: str) -> Iterator[tuple[str, str]]:
    seen = set()
    for number in range(stats.get(f"{group}.count", 0)):
        name = stats.get(f"{group}.{number}.name")
        # a layer below a disk bears the disk's name, too, and comes after it
        if isinstance(name, str) and name not in seen:
            seen.add(name)
            yield name, f"{group}.{number}"


def _rate(old: Stats, new: Stats, counter: str, elapsed_s: float) -> int | None:
    name = f"{counter.rsplit('.', 2)[0]}.name"
    if old.get(name) != new.get(name):  # a device was added or removed before it, and the numbers have moved
        return None
    return rounded_rate(old.get(counter), new.get(counter), elapsed_s)
