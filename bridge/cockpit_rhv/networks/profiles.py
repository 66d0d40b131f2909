# SPDX-License-Identifier: Apache-2.0
"""What NetworkManager's profiles say, setting by setting, and which of it goes with a host's address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .commands import ask

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .commands import Run

Settings = Mapping[str, str]
"""A profile: nmcli's property, such as ``ipv4.addresses``, to its value as nmcli takes it; empty for none."""

#: Whole groups, for what is in them differs by version. ``hostname`` and ``proxy`` are about the address, too.
_GROUPS = ("connection", "ipv4", "ipv6", "hostname", "proxy", "802-3-ethernet")
_MOVED_GROUPS = ("ipv4.", "ipv6.", "hostname.", "proxy.")
#: Of a profile's own words those that count for traffic of the host's; the others name the profile and its card.
_MOVED_WORDS = (
    "autoconnect", "autoconnect-priority", "autoconnect-retries", "dns-over-tls", "gateway-ping-timeout",
    "ip-ping-addresses", "ip-ping-addresses-require-all", "ip-ping-timeout", "llmnr", "mdns", "metered",
    "mptcp-flags", "permissions", "secondaries", "stable-id", "zone",
)  # fmt: skip
#: What nmcli shows of what nobody set. A property of a later version that is not here is passed on as it is.
_UNSET = {
    "-1": (
        "auto-route-ext-gw", "autoconnect-retries", "dad-timeout", "dhcp-ipv6-only-preferred", "dhcp-send-hostname",
        "dhcp-send-release", "dns-over-tls", "from-dhcp", "from-dns-lookup", "ip-ping-addresses-require-all",
        "ip6-privacy", "llmnr", "mdns", "only-from-default", "replace-local-rule", "required-timeout", "route-metric",
        "routed-dns",
    ),
    "0": (
        "autoconnect-priority", "dhcp-timeout", "dns-priority", "gateway-ping-timeout", "ip-ping-timeout",
        "link-local", "priority", "ra-timeout", "route-table", "shared-dhcp-lease-time", "temp-preferred-lifetime",
        "temp-valid-lifetime",
    ),
    "0x0": ("dhcp-hostname-flags", "mptcp-flags"),
    "auto": ("mtu",),
    "default": ("addr-gen-mode",),
    "none": ("method",),
    "no": ("browser-only", "ignore-auto-dns", "ignore-auto-routes", "never-default"),
    "unknown": ("metered",),
    "yes": ("autoconnect", "dhcp-send-hostname", "dhcp-send-hostname-deprecated", "may-fail"),
}  # fmt: skip
_LINE = re.compile(r"((?:connection|ipv4|ipv6|hostname|proxy|802-3-ethernet)\.[a-z0-9-]+):(.*)", re.DOTALL)


def read_settings(run: Run, uuids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Of each profile by its uuid, in one call. Raises RhvError ``networks.command``, for one that is gone too."""
    wanted = [word for uuid in uuids for word in ("uuid", uuid)]
    if not wanted:
        return {}
    told = ask(run, ["nmcli", "-t", "-f", ",".join(_GROUPS), "connection", "show", *wanted])
    profiles: list[dict[str, str]] = []
    key = ""
    # Other than in tables nothing is escaped here, and a value (a proxy's script) may have several lines.
    for line in told.split("\n"):
        match = _LINE.fullmatch(line)
        if match is not None:
            key = match.group(1)
            if key == "connection.id":
                profiles.append({})
            profiles[-1][key] = match.group(2)
        elif line and profiles:
            profiles[-1][key] += "\n" + line
    return {one["connection.uuid"]: one for one in profiles}


def moving(settings: Settings) -> dict[str, str]:
    """What goes with the address to another interface: nothing that is as nobody set it."""
    return {key: value for key, value in settings.items() if value and not _is_unset(key, value) and _moves(key)}


def _moves(key: str) -> bool:
    group, _, word = key.partition(".")
    return word in _MOVED_WORDS if group == "connection" else key.startswith(_MOVED_GROUPS)


def _is_unset(key: str, value: str) -> bool:
    return key.partition(".")[2] in _UNSET.get(value, ())
