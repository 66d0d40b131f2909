# SPDX-License-Identifier: Apache-2.0
"""What a host looks like: files, domains, pools, networks, units, firewall; to be compared before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.testhost.host import TestHost

#: What changes on a host by itself, and the logs of earlier jobs and the host's events, which are kept on purpose.
# fmt: off
_LEFT_OUT = [
    "/proc", "/sys", "/run", "/dev", "/tmp", "/var/tmp", "/var/cache", "/var/lib/cockpit-rhv/jobs",
    "/var/lib/cockpit-rhv/events", "/var/log/journal", "/var/lib/systemd", "/var/lib/NetworkManager", "/root/.ansible",
    "/usr/lib/python3", "/var/log/wtmp", "/var/log/lastlog", "/var/log/btmp",
]
# fmt: on
_FILES = """
find / /var/lib/libvirt/images -xdev \\( {prune} \\) -prune -o -printf '%y %m %U:%G %p\\n' | sort -u
find /etc /var/lib/libvirt /var/lib/cockpit-rhv -xdev \\( {prune} \\) -prune -o -type f -print0 |
    sort -z | xargs -0 sha256sum
"""
_COMMANDS = {
    "domains": "virsh list --all --name | sort",
    "pools": "virsh pool-list --all | sort",
    "networks": "virsh net-list --all | sort",
    "enabled": "systemctl list-unit-files --no-legend --state=enabled | sort",
    "active": "systemctl list-units --no-legend --plain --state=active,activating 'cockpit-rhv*' | sort",
    "failed": "systemctl --failed --no-legend --plain | sort",
    "firewall": "nft -s list ruleset | grep -v 'counter packets'",
}
#: What libvirt and the package make once, at their first use, and leave there empty or for the logs of jobs; and the
#: file in which libvirt's dnsmasq notes leases, which end by themselves.
_UNSTEADY = (
    "/var/lib/libvirt/dnsmasq/", "/var/lib/libvirt/qemu/channel", "0:0 /etc/libvirt/qemu/autostart",
    "/etc/libvirt/storage",
    "0:0 /var/lib/cockpit-rhv",
)  # fmt: skip


def host_state(host: TestHost) -> dict[str, list[str]]:
    """Lines by subject."""
    prune = " -o ".join(f"-path {path}" for path in _LEFT_OUT)
    lines = host.container.run("sh", "-c", _FILES.format(prune=prune)).stdout.splitlines()
    state = {"files": [line for line in lines if not any(_about(part, line) for part in _UNSTEADY)]}
    for subject, command in _COMMANDS.items():
        state[subject] = host.container.run("sh", "-c", command, check=False).stdout.splitlines()
    return state


def _about(part: str, line: str) -> bool:
    return part in line if part.startswith("/") else line.endswith(part)


def changes(before: dict[str, list[str]], after: dict[str, list[str]]) -> list[str]:
    """One line per difference; [] when the host is as it was."""
    found = []
    for subject in before:
        old, new = set(before[subject]), set(after[subject])
        found += [f"{subject}: gone {line}" for line in sorted(old - new)]
        found += [f"{subject}: new {line}" for line in sorted(new - old)]
    return found
