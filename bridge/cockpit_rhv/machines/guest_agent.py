# SPDX-License-Identifier: Apache-2.0
"""What the agent inside a guest says of it. Blocks, raises :class:`RhvError`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import msg
from .actions import domain_of
from .definition import parse_definition

if TYPE_CHECKING:
    from collections.abc import Mapping

    import libvirt

#: Seconds for the agent; libvirt itself would wait longer for a guest that is stuck.
AGENT_LIMIT_S = 5.0
MOST_FILE_SYSTEMS = 100


@dataclass(frozen=True)
class FileSystem:
    """``mounted``: where. Bytes are None where the agent is too old to tell them."""

    mounted: str
    kind: str
    total_bytes: int | None
    used_bytes: int | None


@dataclass(frozen=True)
class AgentFacts:
    """What the system inside calls itself and what it has mounted."""

    hostname: str | None
    system: str | None
    kernel: str | None
    timezone: str | None
    users: tuple[str, ...]
    file_systems: tuple[FileSystem, ...]

    def to_json(self) -> dict[str, Any]:
        """Result of ``machines.agent`` in ``schemas/rpc.json``."""
        facts = asdict(self)
        return {**facts, "users": list(self.users), "file_systems": [asdict(one) for one in self.file_systems]}


def ask_agent(conn: libvirt.virConnect, uuid: str) -> AgentFacts:
    """Raises ``agent.none`` and ``agent.silent`` when there is none that answers."""
    with domain_of(conn, uuid) as domain:
        if parse_definition(domain.XMLDesc()).agent is None:
            raise RhvError(
                "agent.none",
                msg("agent.none", "The guest has no channel for a guest agent."),
                msg("agent.none.hint", "Add one named org.qemu.guest_agent.0 to its definition."),
            )
        return parse_info(domain.guestInfo(0))


def parse_info(info: Mapping[str, Any]) -> AgentFacts:
    """The parameters of virDomainGetGuestInfo; what the guest left out, or said in another type, is None."""
    users = (_text(info, f"user.{number}.name") for number in _range(info, "user.count"))
    systems = (_file_system(info, f"fs.{number}") for number in _range(info, "fs.count"))
    return AgentFacts(
        hostname=_text(info, "hostname"),
        system=_text(info, "os.pretty-name") or _text(info, "os.name"),
        kernel=_text(info, "os.kernel-release"),
        timezone=_text(info, "timezone.name"),
        users=tuple(dict.fromkeys(name for name in users if name is not None)),
        file_systems=tuple(sorted((one for one in systems if one is not None), key=lambda one: one.mounted)),
    )


def _file_system(info: Mapping[str, Any], at: str) -> FileSystem | None:
    mounted = _text(info, f"{at}.mountpoint")
    if mounted is None:
        return None
    return FileSystem(
        mounted,
        _text(info, f"{at}.fstype") or "",
        _amount(info, f"{at}.total-bytes"),
        _amount(info, f"{at}.used-bytes"),
    )


def _range(info: Mapping[str, Any], name: str) -> range:
    return range(min(_amount(info, name) or 0, MOST_FILE_SYSTEMS))


def _text(info: Mapping[str, Any], name: str) -> str | None:
    value = info.get(name)
    return value[:200] if isinstance(value, str) and value else None


def _amount(info: Mapping[str, Any], name: str) -> int | None:
    value = info.get(name)
    return value if isinstance(value, int) and value >= 0 else None
