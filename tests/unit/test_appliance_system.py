# SPDX-License-Identifier: Apache-2.0
"""The files the first boot writes."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from appliance.firstboot import system
from appliance.firstboot.settings import Interface, Route

if TYPE_CHECKING:
    from pathlib import Path

DHCP = Interface("engine", "52:54:00:aa:bb:01", True, False, (), (), (), ())
STATIC = Interface(
    "engine",
    "52:54:00:aa:bb:01",
    False,
    False,
    ("192.0.2.10/24", "2001:db8::10/64"),
    (Route("default", "192.0.2.1"), Route("198.51.100.0/24", "192.0.2.2")),
    ("192.0.2.53", "2001:db8::53"),
    ("example.com",),
)


def sections(text: str) -> list[tuple[str, list[str]]]:
    """The sections of a systemd file, in order, with their lines."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("["):
            found.append((line, []))
        elif line and not line.startswith("#"):
            found[-1][1].append(line)
    return found


def test_network_by_dhcp() -> None:
    assert sections(system.network_file(DHCP)) == [
        ("[Match]", ["MACAddress=52:54:00:aa:bb:01"]),
        ("[Network]", ["DHCP=ipv4"]),
        ("[DHCPv4]", ["UseHostname=no", "ClientIdentifier=mac"]),
    ]


def test_network_with_static_addresses() -> None:
    assert sections(system.network_file(STATIC)) == [
        ("[Match]", ["MACAddress=52:54:00:aa:bb:01"]),
        (
            "[Network]",
            [
                "DHCP=no",
                "Address=192.0.2.10/24",
                "Address=2001:db8::10/64",
                "DNS=192.0.2.53",
                "DNS=2001:db8::53",
                "Domains=example.com",
            ],
        ),
        ("[Route]", ["Gateway=192.0.2.1"]),
        ("[Route]", ["Gateway=192.0.2.2", "Destination=198.51.100.0/24"]),
    ]


def test_a_new_drive_replaces_the_interfaces_of_the_old_one_only(tmp_path: Path) -> None:
    (tmp_path / "20-administrator.network").write_text("kept")
    system.set_network((DHCP, DHCP._replace(name="storage")), tmp_path)
    system.set_network((STATIC,), tmp_path)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["10-rhv-engine-engine.network", "20-administrator.network"]
    assert (tmp_path / names[0]).read_text() == system.network_file(STATIC)
    # systemd-networkd is no root: it must be able to read what it is to do.
    assert stat.S_IMODE((tmp_path / names[0]).stat().st_mode) == 0o644


@pytest.mark.parametrize(
    ("hostname", "fqdn", "line"),
    [
        ("engine", "engine.example.com", "127.0.1.1 engine.example.com engine"),
        ("engine.example.com", "engine.example.com", "127.0.1.1 engine.example.com"),
    ],
)
def test_hosts_file(hostname: str, fqdn: str, line: str) -> None:
    lines = system.hosts_file(hostname, fqdn).splitlines()
    assert line in lines
    assert "127.0.0.1 localhost" in lines


def test_write_replaces_and_sets_the_mode_whatever_the_umask(tmp_path: Path) -> None:
    target = tmp_path / "new" / "engine.json"
    before = os.umask(0o077)
    try:
        system.write(target, "one", 0o640)
        system.write(target, "two", 0o640)
    finally:
        os.umask(before)
    assert target.read_text() == "two"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    assert list(target.parent.iterdir()) == [target]


def test_write_never_follows_what_an_interrupted_run_left(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    (tmp_path / ".file.new").symlink_to(victim)
    system.write(tmp_path / "file", "new")
    assert victim.read_text() == "untouched"
    assert not (tmp_path / "file").is_symlink()


def test_host_keys_are_forgotten_and_nothing_else(tmp_path: Path) -> None:
    for name in ("ssh_host_ed25519_key", "ssh_host_ed25519_key.pub", "sshd_config"):
        (tmp_path / name).write_text("x")
    system.forget_host_keys(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["sshd_config"]
