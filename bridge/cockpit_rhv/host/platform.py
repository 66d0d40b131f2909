# SPDX-License-Identifier: Apache-2.0
"""Which kind of virtualization host this is, and which Manager it belongs to, as files on it tell."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from .files import read_optional

RHEL, RHVH, OVIRT_NODE, LINUX = "rhel", "rhvh", "ovirt_node", "linux"
NO_AGENT, OURS, VDSM = "none", "ours", "vdsm"

_NODECTL = ("usr/sbin/nodectl", "usr/bin/nodectl")
_VDSM_ID = "etc/vdsm/vdsm.id"
_AGENT_CERTIFICATE = "etc/cockpit-rhv/pki/agent.pem"
_AGENT_STATE = "run/cockpit-rhv/agent.json"


class ManagerFacts(NamedTuple):
    """``agent``: none, ours or vdsm. ``clients``: Managers connected to our agent; of vdsm's nothing is known here."""

    agent: str
    clients: tuple[str, ...]


def read_kind(os_id: str, root: Path = Path("/")) -> str:
    """rhel, rhvh, ovirt_node or linux. Only the image-based hosts have `nodectl`. Raises nothing."""
    if any((root / path).exists() for path in _NODECTL):
        return RHVH if os_id == "rhel" else OVIRT_NODE
    return RHEL if os_id == "rhel" else LINUX


def read_manager(root: Path = Path("/")) -> ManagerFacts:
    """Our agent has its certificate from a Manager, vdsm its id from being added to one. Raises nothing."""
    if (root / _AGENT_CERTIFICATE).exists():
        return ManagerFacts(OURS, _clients(root))
    return ManagerFacts(VDSM if (root / _VDSM_ID).exists() else NO_AGENT, ())


def _clients(root: Path) -> tuple[str, ...]:
    try:
        told = json.loads(read_optional(root / _AGENT_STATE) or "{}")
        return tuple(sorted({str(client["name"]) for client in told.get("clients", ())}))
    except (ValueError, KeyError, TypeError, AttributeError):
        return ()  # the check of the agent says that its file is damaged
