# SPDX-License-Identifier: Apache-2.0
"""The guests there are: what each is made of, and what is set up in it before it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

_SETUP = Path(__file__).parent / "setup"


@dataclass(frozen=True)
class Card:
    """A network card: the bridge it is plugged into, and its address with prefix; None leaves it unconfigured."""

    bridge: str
    address: str | None = None


@dataclass(frozen=True)
class Machine:
    """``number`` makes MAC addresses and UUID its own; ``setup`` is the script of ``setup/`` run before it is saved."""

    name: str
    number: int
    memory_mib: int
    cpus: int
    cards: tuple[Card, ...]
    setup: str

    @property
    def address(self) -> str:
        """Where it is reached."""
        return str(self.cards[0].address).partition("/")[0]

    @property
    def uuid(self) -> str:
        return f"77000000-0000-4000-8000-{self.number:012d}"

    def mac(self, card: int) -> str:
        return f"52:54:00:77:{self.number:02x}:{card:02x}"

    def setup_script(self) -> str:
        return (_SETUP / self.setup).read_text()


def _host(number: int) -> Machine:
    cards = (
        Card("storage1", f"10.77.0.{10 + number}/24"),
        Card("storage2", f"10.77.1.{10 + number}/24"),
        Card("lab"),
        Card("lab"),
    )
    return Machine(f"host{number}", 10 + number, 1536, 2, cards, "host.sh")


SERVER = Machine(
    "server", 1, 768, 1, (Card("storage1", "10.77.0.1/24"), Card("storage2", "10.77.1.1/24"), Card("lab")), "server.sh"
)
HOST1 = _host(1)
