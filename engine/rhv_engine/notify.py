# SPDX-License-Identifier: Apache-2.0
"""systemd's start-up protocol (sd_notify(3)) without its library."""

from __future__ import annotations

import os
import socket


def notify(state: str) -> None:
    """Send a state such as ``READY=1`` when systemd started us; does nothing otherwise. Raises OSError."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as channel:
        channel.sendto(state.encode("utf-8"), address)
