# SPDX-License-Identifier: Apache-2.0
"""Puts settings into the running system. Each function may be repeated; the drive is the whole truth each time."""

from __future__ import annotations

import grp
import json
import os
import socket
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .settings import Interface, Settings

ENGINE_GROUP = "rhv-engine"
_NETWORK_PREFIX = "10-rhv-engine-"


def write(path: Path, text: str, mode: int = 0o644, group: int = -1) -> None:
    """Replace a file in one step: a power cut leaves the old or the new one, and no moment with wider permissions."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fchown(stream.fileno(), -1, group)
        os.fchmod(stream.fileno(), mode)
        os.fsync(stream.fileno())
    temporary.replace(path)


def network_file(interface: Interface) -> str:
    """The systemd-networkd configuration of one interface."""
    dhcp = {(True, True): "yes", (True, False): "ipv4", (False, True): "ipv6", (False, False): "no"}
    lines = ["# From the config drive; a new drive replaces it.", "[Match]", f"MACAddress={interface.mac}", ""]
    lines += ["[Network]", f"DHCP={dhcp[interface.dhcp4, interface.dhcp6]}"]
    lines += [f"Address={address}" for address in interface.addresses]
    lines += [f"DNS={server}" for server in interface.nameservers]
    lines += [f"Domains={' '.join(interface.search)}"] if interface.search else []
    for route in interface.routes:
        lines += ["", "[Route]", f"Gateway={route.via}"]
        # Without a destination it is the default route, of the gateway's own family.
        lines += [] if route.to == "default" else [f"Destination={route.to}"]
    if interface.dhcp4:
        # The name is the drive's. The lease goes by hardware address, so that a second deployment with the same one
        # keeps the address: a machine-id is new in each.
        lines += ["", "[DHCPv4]", "UseHostname=no", "ClientIdentifier=mac"]
    return "\n".join(lines) + "\n"


def set_network(interfaces: tuple[Interface, ...], folder: Path = Path("/etc/systemd/network")) -> None:
    """Replace the interfaces of an earlier drive."""
    wanted = {f"{_NETWORK_PREFIX}{interface.name}.network": network_file(interface) for interface in interfaces}
    for old in folder.glob(f"{_NETWORK_PREFIX}*.network"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        write(folder / name, text)


def hosts_file(hostname: str, fqdn: str) -> str:
    """``/etc/hosts``; Debian's way of giving a machine its full name without DNS."""
    names = " ".join(dict.fromkeys([fqdn, hostname]))
    return f"127.0.0.1 localhost\n127.0.1.1 {names}\n::1 localhost ip6-localhost ip6-loopback\n"


def set_names(hostname: str, fqdn: str) -> None:
    """Host name now and at the next boot."""
    write(Path("/etc/hostname"), f"{hostname}\n")
    write(Path("/etc/hosts"), hosts_file(hostname, fqdn))
    set_hostname(hostname)


def set_hostname(hostname: str) -> None:
    """Host name now; ``/etc/hostname`` says it to the next boot."""
    socket.sethostname(hostname)


def set_root_access(keys: tuple[str, ...], password_hash: str | None) -> None:
    """Root's keys and password. SSH takes a password only where the drive gave one; without one none opens anything."""
    folder = Path("/root/.ssh")
    folder.mkdir(mode=0o700, exist_ok=True)
    write(folder / "authorized_keys", "".join(f"{key}\n" for key in keys), 0o600)
    set_root_password(password_hash or "*")
    allowed = Path("/etc/ssh/sshd_config.d/05-rhv-engine-root-password.conf")
    if password_hash:
        write(allowed, "# The config drive gave root a password.\nPermitRootLogin yes\nPasswordAuthentication yes\n")
    else:
        allowed.unlink(missing_ok=True)


def set_root_password(password_hash: str) -> None:
    """A field of shadow(5); the asterisk is no password's hash, so none opens anything."""
    # Over stdin: command lines are public.
    subprocess.run(["chpasswd", "--encrypted"], input=f"root:{password_hash}\n", text=True, check=True)


def forget_host_keys(folder: Path = Path("/etc/ssh")) -> None:
    """For an appliance that was copied: two machines must not have the same SSH host keys. New ones are made later."""
    for key in folder.glob("ssh_host_*_key*"):
        key.unlink()


def apply(settings: Settings) -> None:
    """All of it, the engine's own settings last: they tell the engine that the rest is in place."""
    set_names(settings.hostname, settings.fqdn)
    set_network(settings.interfaces)
    set_root_access(settings.ssh_authorized_keys, settings.root_password_hash)
    group = grp.getgrnam(ENGINE_GROUP).gr_gid
    write(Path("/etc/rhv-engine/engine.json"), json.dumps(settings.engine, indent=1) + "\n", 0o640, group)
