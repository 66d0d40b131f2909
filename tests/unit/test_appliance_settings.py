# SPDX-License-Identifier: Apache-2.0
"""What the appliance accepts from a config drive, and that everything else is refused by file and field."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from appliance.firstboot.drive import DriveError
from appliance.firstboot.settings import Route, parse

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0c root@host"
HASH = "$y$j9T$abcdefghijklmnop$qrstuvwxyz0123456789"
GOOD: dict[str, Any] = {
    "meta-data": {"instance-id": "i-1", "local-hostname": "engine"},
    "user-data": {"hostname": "engine", "fqdn": "engine.example.com", "ssh_authorized_keys": [KEY]},
    "network-config": {
        "version": 2,
        "ethernets": {"engine": {"match": {"macaddress": "52:54:00:AA:BB:01"}, "dhcp4": True}},
    },
    "rhv-engine.json": {"version": 1, "fqdn": "engine.example.com", "admin": {"user": "admin@internal"}},
}


def texts(changes: dict[str, Any] | None = None) -> dict[str, str]:
    """The four files; ``changes``: dotted path (file, then keys, by slashes) to new value, None to delete."""
    documents = copy.deepcopy(GOOD)
    for path, value in (changes or {}).items():
        *parents, last = path.split("/")
        place = documents
        for name in parents:
            place = place[name]
        if value is None:
            del place[last]
        else:
            place[last] = value
    written = {name: json.dumps(document) for name, document in documents.items()}
    written["user-data"] = "#cloud-config\n" + written["user-data"]
    return written


PORT = "network-config/ethernets/engine"


def test_dhcp() -> None:
    found = parse(texts())
    assert (found.instance_id, found.hostname, found.fqdn) == ("i-1", "engine", "engine.example.com")
    assert found.ssh_authorized_keys == (KEY,)
    assert found.root_password_hash is None
    (port,) = found.interfaces
    assert (port.mac, port.dhcp4, port.dhcp6, port.addresses) == ("52:54:00:aa:bb:01", True, False, ())
    assert found.engine == GOOD["rhv-engine.json"]


def test_static_address_in_both_families() -> None:
    (port,) = parse(
        texts(
            {
                f"{PORT}/dhcp4": False,
                f"{PORT}/addresses": ["192.0.2.10/24", "2001:db8::10/64"],
                f"{PORT}/routes": [
                    {"to": "default", "via": "192.0.2.1"},
                    {"to": "198.51.100.0/24", "via": "192.0.2.2"},
                ],
                f"{PORT}/nameservers": {"addresses": ["192.0.2.53"], "search": ["example.com"]},
            }
        )
    ).interfaces
    assert port.addresses == ("192.0.2.10/24", "2001:db8::10/64")
    assert port.routes == (Route("default", "192.0.2.1"), Route("198.51.100.0/24", "192.0.2.2"))
    assert (port.nameservers, port.search) == (("192.0.2.53",), ("example.com",))


def test_names_come_from_other_files_when_user_data_has_none() -> None:
    found = parse(texts({"user-data/hostname": None, "user-data/fqdn": None}))
    assert (found.hostname, found.fqdn) == ("engine", "engine.example.com")


def test_password_hash() -> None:
    assert parse(texts({"user-data/root_password_hash": HASH})).root_password_hash == HASH


def test_fields_of_a_newer_drive_are_ignored() -> None:
    assert parse(texts({"user-data/timezone": "UTC", f"{PORT}/mtu": 9000})).hostname == "engine"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"meta-data/instance-id": None}, "meta-data: instance-id"),
        ({"meta-data/instance-id": "a\nb"}, "meta-data: instance-id"),
        ({"user-data/hostname": "bad name"}, "user-data: hostname is not a host name"),
        ({"user-data/hostname": 7}, "user-data: no hostname"),
        ({"user-data/fqdn": "engine.example.com\nevil 127.0.0.1"}, "user-data: fqdn is not a host name"),
        ({"user-data/fqdn": "-x.example.com"}, "user-data: fqdn"),
        ({"user-data/fqdn": "a" * 64}, "user-data: fqdn"),
        ({"user-data/ssh_authorized_keys": KEY}, "user-data: ssh_authorized_keys must be a list"),
        ({"user-data/ssh_authorized_keys": [KEY + "\n" + KEY]}, "an SSH key must be one line"),
        ({"user-data/root_password_hash": ""}, "root_password_hash"),
        ({"user-data/root_password_hash": HASH + "\nroot2:x"}, "root_password_hash"),
        ({"user-data/root_password_hash": HASH + ":0"}, "root_password_hash"),
        ({"network-config/version": 1}, "network-config: version must be 2"),
        ({"network-config/ethernets": {}}, "ethernets names no interface"),
        ({"network-config/ethernets": []}, "ethernets must be an object"),
        ({"network-config/ethernets": {"a/../b": {}}}, "plain name"),
        ({f"{PORT}/match": {}}, "network-config: engine: macaddress"),
        ({f"{PORT}/match/macaddress": "52:54:00:aa:bb"}, "not a hardware address"),
        ({f"{PORT}/dhcp4": "yes"}, "dhcp4 must be true or false"),
        ({f"{PORT}/dhcp4": False}, "neither DHCP nor an address"),
        ({f"{PORT}/addresses": ["192.0.2.10"]}, "with its prefix length"),
        ({f"{PORT}/addresses": ["192.0.2.10/33"]}, "with its prefix length"),
        ({f"{PORT}/routes": [{"to": "default", "via": "gateway"}]}, "not an IP address"),
        ({f"{PORT}/routes": [{"to": "0.0.0.0/0.1", "via": "192.0.2.1"}]}, "not a network"),
        ({f"{PORT}/nameservers": {"addresses": ["dns.example.com"]}}, "not an IP address"),
        ({f"{PORT}/nameservers": {"search": ["a b"]}}, "search is not a host name"),
        ({"rhv-engine.json/version": 2}, "rhv-engine.json: version must be 1, not 2"),
        ({"rhv-engine.json/fqdn": None}, "rhv-engine.json: fqdn"),
    ],
)
def test_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(DriveError, match=r"^config drive: ") as refusal:
        parse(texts(changes))
    assert said in str(refusal.value)


def test_a_password_put_where_the_hash_belongs_is_not_shown() -> None:
    with pytest.raises(DriveError) as refusal:
        parse(texts({"user-data/root_password_hash": "hunter2"}))
    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("user-data", "#cloud-config\nhostname: engine\n", "other YAML than JSON is not read"),
        ("user-data", "{}", "first line must be #cloud-config"),
        ("meta-data", "instance-id: i-1\n", "meta-data: not JSON"),
        ("meta-data", "[]", "meta-data: not a JSON object"),
        ("network-config", "", "network-config: not JSON"),
    ],
)
def test_other_texts_are_refused(name: str, text: str, said: str) -> None:
    with pytest.raises(DriveError) as refusal:
        parse({**texts(), name: text})
    assert said in str(refusal.value)
