# SPDX-License-Identifier: Apache-2.0
"""Tables of bad input: settings and documents, and what the answer to each must name."""

from __future__ import annotations

from tests.host.bad_things import ELSEWHERE, FOLDER
from tests.testhost.network import HOST_MAC

STATIC = ("network.kind=bridge", "network.name=ovirtmgmt", "network.mode=static")
SMALL = f"image.path={FOLDER}/good.qcow2"
FREE = ("network.address={free}/24", "network.gateway={gateway}")

#: Settings that are wrong by themselves, a document's worth at a time: each field is named, with a sentence.
FIELDS: list[dict[str, str]] = [
    {
        "engine.fqdn=not a name": 'engine.fqdn: The part "not a name" may only have letters, digits and inner hyphens.',
        "engine.name=../../etc/x": "engine.name: Use letters, digits, dots",
        "engine.vcpus=0": "engine.vcpus: At least 1 is needed.",
        "engine.memory_mib=1": "engine.memory_mib: At least 768 is needed.",
        "engine.disk_gib=1": "engine.disk_gib: At least 4 is needed.",
        "network.mac=01:00:5e:00:00:01": "network.mac: This MAC address stands for a group",
        "network.address={free}/24": "",
        "network.mode=static": "",
        "network.gateway=198.51.100.1": "network.gateway: The gateway is outside the engine's network",
        'network.dns=["nonsense"]': "network.dns.0: This is not an IP address.",
        "storage.path=images": "storage.path: The path must begin with a slash",
        "colour=blue": "colour: There is no answer of this name.",
        "engine.colour=blue": "engine.colour: There is no answer of this name.",
        "accept.emulation=perhaps": "accept.emulation: True or false is expected here.",
    },
    {
        "engine.fqdn=engine": "engine.fqdn: A full name with a domain is needed",
        "engine.vcpus=1.5": "engine.vcpus: A whole number is expected here.",
        "engine.memory_mib=much": "engine.memory_mib: A whole number is expected here.",
        "engine.disk_gib=99999": "engine.disk_gib: At most 16384 is allowed.",
        "network.mac=52:54:00": "network.mac: A MAC address has six pairs",
        "network.kind=vlan": "network.kind: One of these is expected: bridge, nat",
        "network.mode=static": "network.address: A fixed address needs this answer.",
        "network.name=a b": "network.name: Use letters",
        "image.path=engine.qcow2": "image.path: The path must begin with a slash",
        "profile=other": "profile: One of these is expected: embedded",
    },
    {
        "engine.fqdn=$(reboot).{{ x }}.test": "engine.fqdn: The part",
        "network.mode=static": "",
        "network.address={zero}/24": "network.address: {zero} is the first or last address of its network",
        "network.gateway=router": "network.gateway: This is not an IPv4 address",
        "storage.kind=ceph": "storage.kind: One of these is expected: directory, nfs",
        "host.address=127.0.0.1": "host.address: 127.0.0.1 has a special meaning",
    },
]

#: What, settings, what the answer must name.
ROWS: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    ("name of this host", ("engine.fqdn=HOST1.rhv.test",), ("name of this host", "name of its own")),
    (
        "name leads elsewhere",
        (*STATIC, *FREE, f"engine.fqdn={ELSEWHERE}"),
        (f"{ELSEWHERE} leads to 198.51.100.9", "Correct the DNS"),
    ),
    ("name leads to this host", ("engine.fqdn=alias.rhv.test",), ("alias.rhv.test leads to this host", "Correct")),
    (
        "address outside",
        (*STATIC, "network.address=198.51.100.7/24", "network.gateway=198.51.100.1"),
        ("198.51.100.7 is outside the network", "Choose an address of that network"),
    ),
    (
        "prefix differs",
        (*STATIC, "network.address={free}/25", "network.gateway={gateway}"),
        ("/25", "/24", "same prefix"),
    ),
    (
        "address on the wire",
        (*STATIC, "network.address={gateway}/24", "network.gateway={host}"),
        ("already answers at {gateway}", "{peer} answers", "Choose an address nobody has"),
    ),
    (
        "address of this host",
        (*STATIC, "network.address={host}/24", "network.gateway={gateway}"),
        ("this host's own address (ovirtmgmt)", "Choose an address nobody has"),
    ),
    (
        "bridge unknown",
        ("network.kind=bridge", "network.name=nosuchbridge"),
        ("no bridge named nosuchbridge", "Choose"),
    ),
    ("network unknown", ("network.kind=nat", "network.name=nosuchnet"), ("no network named nosuchnet", "Choose")),
    ("MAC of this host", (f"network.mac={HOST_MAC}",), (f"{HOST_MAC} belongs to", "Leave the field empty")),
    (
        "MAC on the wire",
        ("network.kind=bridge", "network.name=ovirtmgmt", "network.mac={peer}"),
        ("Another machine on ovirtmgmt uses the MAC address {peer}", "Leave the field empty"),
    ),
    ("memory above the host", ("engine.memory_mib=900000",), ("900000 MiB", "Ask for less")),
    ("processors above the host", ("engine.vcpus=64",), ("64 virtual CPUs", "Ask for at most")),
    ("disk above free space", ("engine.disk_gib=16384",), ("GiB are free", "Make room")),
    ("disk below the image", (f"image.path={FOLDER}/large.qcow2", "engine.disk_gib=4"), ("6 GiB", "Ask for at least")),
    ("image missing", ("image.path=/nowhere/engine.qcow2",), ("no appliance image at /nowhere", "Install the")),
    ("image truncated", (f"image.path={FOLDER}/truncated.qcow2",), ("truncated.qcow2 is damaged or altered", "Fetch")),
    ("image truncated and sealed", (f"image.path={FOLDER}/cut.qcow2",), ("cut.qcow2 has been cut off", "Install the")),
    ("image altered", (f"image.path={FOLDER}/altered.qcow2",), ("altered.qcow2 is damaged or altered", "Fetch")),
    ("image without checksum", (f"image.path={FOLDER}/unsealed.qcow2",), ("unsealed.qcow2.sha256", "Put the .sha256")),
    ("image is no disk", (f"image.path={FOLDER}/text.qcow2",), ("text.qcow2 is not a disk image", "Choose")),
    ("image is a device", ("image.path=/dev/zero",), ("/dev/zero is not a file", "Install the")),
    ("image needs another", (f"image.path={FOLDER}/overlay.qcow2",), ("overlay.qcow2 is damaged or needs a second",)),
    ("storage with dots", (f"storage.path={FOLDER}/../bad", SMALL), (f"Write it as {FOLDER}",)),
    ("storage read-only", (f"storage.path={FOLDER}/readonly", SMALL), ("Nothing can be written", "Choose a directory")),
    ("storage on tmpfs", ("storage.path=/run/images", SMALL), ("lies in memory (tmpfs)", "Choose a directory")),
    ("storage is a file", (f"storage.path={FOLDER}/text.qcow2", SMALL), ("not a directory", "Choose a directory")),
    ("closed to QEMU", (f"storage.path={FOLDER}/closed/images", SMALL), ("may not enter", "Choose a directory")),
    ("a user's link", (f"storage.path={FOLDER}/strangers-link", SMALL), ("symbolic link of the user", "let root own")),
    ("a user's link above", (f"storage.path={FOLDER}/strangers-link/deep", SMALL), ("symbolic link of the user",)),
    ("link to nowhere", (f"storage.path={FOLDER}/dangling", SMALL), ("which does not exist", "Choose a directory")),
    ("link in a circle", (f"storage.path={FOLDER}/circle", SMALL), ("cannot be reached", "Choose a directory")),
    ("the disk is a link", (f"storage.path={FOLDER}/linked-disk", SMALL), ("link to /etc/shadow", "Choose another")),
    ("the disk is there", (f"storage.path={FOLDER}/taken", SMALL), ("exists and is not", "Choose another")),
    ("an earlier engine's", (f"storage.path={FOLDER}/earlier", SMALL), ("that was removed", "nothing is taken over")),
    ("no setting", ("engine",), ("path=value",)),
]

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{name}'] * 9)}]\n" for name, after in zip("abcdefgh", "bcdefghi")
)
DOCUMENTS: list[tuple[str, bytes, str]] = [
    ("a list", b"- engine\n- network\n", "mapping"),
    ("a text", b"engine", "mapping"),
    ("empty", b"", "mapping"),
    ("no YAML", b"engine: [", "neither YAML nor JSON"),
    ("not UTF-8", b"\xff\xfe\0\xd8", "neither YAML nor JSON"),
    ("anchors bomb", BOMB.encode(), "Aliases"),
    ("nested", b"[" * 10_000, "nested too deeply"),
    ("10 MB", b"engine: {fqdn: " + b"x" * 10_000_000 + b"}", "larger than"),
    ("a tag of Python", b"engine: !!python/object/apply:os.system ['touch /srv/owned']", "neither YAML nor JSON"),
    ("unknown field", b"colour: blue\n", "colour"),
    ("unknown field within", b"engine: {colour: blue}\n", "engine.colour"),
    ("wrong type", b"engine: {vcpus: many}\n", "engine.vcpus"),
    ("a group that is none", b"engine: HostedEngine\n", "engine: "),
    ("a date", b"engine: {fqdn: 2026-01-01}\n", "engine.fqdn"),
    ("a secret", b"admin_password: secret password\n", "admin_password"),
]
