# SPDX-License-Identifier: Apache-2.0
"""sd_notify(3): tells systemd when the port is open, so that whoever starts the unit can connect at once."""

from __future__ import annotations

import os
import socket


def notify_systemd(state: str) -> bool:
    """Send ``READY=1`` and the like; False when systemd did not ask for it. Raises OSError."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    # a leading @ stands for the NUL of the abstract name space
    name = "\0" + address[1:] if address.startswith("@") else address
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link:
        link.sendto(state.encode(), name)
    return True
