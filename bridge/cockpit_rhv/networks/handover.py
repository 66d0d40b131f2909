# SPDX-License-Identifier: Apache-2.0
"""How an interface that another program configures is handed over to NetworkManager, step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..messages import msg

if TYPE_CHECKING:
    from ..messages import Message
    from .links import Link
    from .owners import Owner


def handover_steps(link: Link, owner: Owner, manager_state: str) -> tuple[Message, ...]:
    """What an administrator does so that ``link`` can be changed here; empty where there is nothing to do."""
    if owner.protected or owner.kind in ("networkmanager", "unknown") or link.kind in ("loopback", "tun"):
        return ()
    if owner.kind == "nobody" and link.kind == "virtual" and not link.enabled:
        return ()  # a kernel's module makes such things by the way
    name, file = link.name, owner.file or ""
    steps: list[Message] = []
    if manager_state == "absent":
        steps.append(
            msg(
                "networks.handover.install",
                "Install NetworkManager: the package network-manager (Debian) or NetworkManager (Enterprise Linux).",
            )
        )
    elif manager_state == "stopped":
        steps.append(msg("networks.handover.start", "Start NetworkManager: systemctl enable --now NetworkManager"))
    if owner.kind in ("ifupdown", "networkd"):
        steps += [
            msg(
                "networks.handover.console",
                "Log in on the host's own console: a mistake here would cut a session over the network.",
            ),
            _release(owner.kind, name, file),
        ]
    else:
        steps.append(
            msg(
                "networks.handover.rules",
                "See why NetworkManager leaves {name} alone: unmanaged-devices in /etc/NetworkManager/",
                name=name,
            )
        )
    steps.append(msg("networks.handover.manage", "Hand it over: nmcli device set {name} managed yes", name=name))
    steps.append(
        msg(
            "networks.handover.profile",
            "Make a profile with the same addresses: nmcli connection add type {type} ifname {name} con-name {name}",
            name=name,
            type="ethernet" if link.kind == "virtual" else link.kind,
        )
    )
    return tuple(steps)


def _release(kind: str, name: str, file: str) -> Message:
    if kind == "ifupdown":
        return msg(
            "networks.handover.ifupdown",
            "Note down the addresses in {file}, then remove the lines about {name} from it.",
            file=file,
            name=name,
        )
    return msg(
        "networks.handover.networkd",
        "Note down the addresses in {file}, then move it away and run: networkctl reload",
        file=file,
    )
