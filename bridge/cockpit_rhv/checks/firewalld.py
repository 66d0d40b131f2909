# SPDX-License-Identifier: Apache-2.0
"""firewalld: the zone by which somebody comes in, and the button that opens a port there."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Callable

from ..errors import Remedy
from ..messages import msg

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..messages import Scalar
    from .context import Finished

    Run = Callable[[Sequence[str], float], Finished]

#: Seconds; firewalld is Python behind D-Bus.
COMMAND_S = 5.0


def zone_of(device: str | None, run: Run) -> str:
    """Zone of what comes in over ``device``; empty for firewalld's default zone, and where it cannot be told.

    libvirt puts the bridges of its own networks into a zone ``libvirt``, which the default zone's ports do not concern.
    """
    if device is None:
        return ""
    try:
        asked = run(["firewall-cmd", f"--get-zone-of-interface={device}"], COMMAND_S)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.output if asked.code == 0 and re.fullmatch(r"[A-Za-z0-9_-]+", asked.output) else ""


def open_port(port: Scalar, zone: str) -> Remedy:
    """``port``: a number or, as text, a range."""
    title = msg("remedy.open_port", "Open port {port} in the firewall", port=port)
    return Remedy("open_port", title, {"port": port, "zone": zone})
