# SPDX-License-Identifier: Apache-2.0
"""Who listens on a TCP port of this host."""

from __future__ import annotations

from typing import Any


def port_owner(port: int) -> dict[str, Any] | None:
    """``{"pid": int | None, "process": str | None}`` of a listener on any address, None when nobody listens.

    Both are None when this user may not see the process of another. A socket that systemd holds for a unit belongs
    to ``systemd``. Raises RuntimeError or OSError as psutil does when /proc is unreadable.
    """
    import psutil  # 34 ms at the first import, spared to whoever never asks

    owner = None
    for connection in psutil.net_connections(kind="tcp"):
        if connection.status != psutil.CONN_LISTEN or not connection.laddr or connection.laddr.port != port:
            continue
        if connection.pid is not None:
            try:
                return {"pid": connection.pid, "process": psutil.Process(connection.pid).name()}
            except psutil.NoSuchProcess:
                continue  # ended since: its socket is gone, or another holder of it follows in the list
        owner = {"pid": None, "process": None}
    return owner
