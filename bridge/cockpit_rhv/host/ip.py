# SPDX-License-Identifier: Apache-2.0
"""Addresses and default gateways, as iproute2 tells them in JSON."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any, Callable, NamedTuple

from ..errors import RhvError
from ..messages import msg

if TYPE_CHECKING:
    from collections.abc import Sequence

RunIp = Callable[["Sequence[str]"], str]
"""Runs `ip -j` with these arguments and returns its standard output; raises RhvError ``host.ip_failed``."""

_TIMEOUT_S = 10


class Address(NamedTuple):
    """``dynamic``: with a lifetime, from DHCP or a router. ``family``: ipv4 or ipv6."""

    address: str
    prefix: int
    family: str
    dynamic: bool


class Gateways(NamedTuple):
    """Addresses of the routers behind one interface; None without a default route."""

    ipv4: str | None
    ipv6: str | None


NO_GATEWAYS = Gateways(None, None)


def run_ip(arguments: Sequence[str]) -> str:
    """The real `ip`."""
    # An unprivileged session's PATH may lack sbin, where some distributions keep it.
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    try:
        done = subprocess.run(
            ["ip", "-j", *arguments],
            env={"PATH": path, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
            check=True,
            text=True,
        )
    except subprocess.CalledProcessError as error:
        raise _failed(f"exit status {error.returncode}: {error.stderr.strip()}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _failed(str(error)) from error
    return done.stdout


def _failed(detail: str) -> RhvError:
    return RhvError("host.ip_failed", msg("host.ip_failed", "The network's addresses could not be read."), None, detail)


def _ask(run: RunIp, *arguments: str) -> list[dict[str, Any]]:
    text = run(arguments)
    try:
        # Older versions print nothing at all, or empty objects, where there is nothing to tell.
        return [item for item in json.loads(text or "[]") if item]
    except ValueError as error:
        raise _failed(f"no JSON: {text[:200]!r}") from error


def read_addresses(run: RunIp = run_ip) -> dict[str, list[Address]]:
    """Interface name to its addresses in the kernel's order, without link-local ones."""
    found: dict[str, list[Address]] = {}
    for link in _ask(run, "addr", "show"):
        found[link["ifname"]] = [
            Address(
                item["local"],
                item["prefixlen"],
                "ipv4" if item["family"] == "inet" else "ipv6",
                bool(item.get("dynamic", False)),
            )
            for item in link.get("addr_info", ())
            if item.get("family") in ("inet", "inet6") and item.get("scope") != "link" and "local" in item
        ]
    return found


def read_gateways(run: RunIp = run_ip) -> dict[str, Gateways]:
    """Interface name to the gateways of its default routes; where there are several, the lowest metric counts."""
    ipv4, ipv6 = _default_routes(run, "-4"), _default_routes(run, "-6")
    return {name: Gateways(ipv4.get(name), ipv6.get(name)) for name in {**ipv4, **ipv6}}


def _default_routes(run: RunIp, family: str) -> dict[str, str]:
    found: dict[str, str] = {}
    routes = _ask(run, family, "route", "show", "default")
    for route in sorted(routes, key=lambda item: int(item.get("metric", 0))):
        for hop in (route, *route.get("nexthops", ())):
            if "gateway" in hop and "dev" in hop:
                found.setdefault(hop["dev"], hop["gateway"])
    return found
