# SPDX-License-Identifier: Apache-2.0
"""The list of guests and what is done to many of them, on a host with libvirt as root and tiny QEMU guests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testhost.host import TestHost

NAMES = ("rhv-guest-one", "rhv-guest-two", "rhv-guest-theirs")
MISSING = "00000000-0000-4000-8000-000000000000"
OVIRT = "<metadata><o:vm xmlns:o='http://ovirt.org/vm/1.0'/></metadata>"
GUEST = """<domain type='qemu'><name>{name}</name>{metadata}<memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices><memballoon model='none'/></devices></domain>
"""

#: Speaks to the installed helper as the page does: hello, the guests, then one line of requests after another.
DIALOGUE = r"""
import json, subprocess, sys
helper = subprocess.Popen(["/usr/libexec/cockpit-rhv/helper"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
def call(number, method, **params):
    helper.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
    helper.stdin.flush()
    for line in helper.stdout:
        message = json.loads(line)
        if message.get("id") == number:
            return message.get("result", message.get("error"))
    sys.exit("the helper has ended")
call(1, "hello", client_version="", language="en")
print(json.dumps([call(number, "machines.act", **params) for number, params in enumerate(json.load(sys.stdin), 2)]))
helper.stdin.close()
helper.wait(10)
"""


@pytest.fixture
def uuids(faulty: TestHost) -> Iterator[list[str]]:
    """Three small guests that are off; the third is a Manager's."""
    for name in NAMES:
        metadata = OVIRT if name.endswith("theirs") else ""
        faulty.container.run("virsh", "define", "/dev/stdin", input=GUEST.format(name=name, metadata=metadata))
    try:
        yield [faulty.container.run("virsh", "domuuid", name).stdout.strip() for name in NAMES]
    finally:
        for name in NAMES:
            faulty.container.run("virsh", "destroy", name, check=False)
            faulty.container.run("virsh", "undefine", name, "--managed-save", check=False)


def act(host: TestHost, *requests: dict[str, Any]) -> list[list[tuple[str, str | None]]]:
    """Outcome and code of the error, for each guest of each request."""
    answer = host.container.run("python3", "-c", DIALOGUE, input=json.dumps(requests)).stdout
    return [
        [(one["outcome"], one["error"] and one["error"]["code"]) for one in result["results"]]
        for result in json.loads(answer)
    ]


def state(host: TestHost, uuid: str) -> str:
    return host.container.run("virsh", "domstate", uuid).stdout.strip()


def test_many_guests_from_start_to_end(faulty: TestHost, uuids: list[str]) -> None:
    one, two, theirs = uuids
    ours = [one, two]
    started, paused = act(
        faulty,
        {"action": "start", "uuids": [one, theirs, MISSING, two]},
        {"action": "pause", "uuids": ours},
    )
    assert started == [
        ("done", None),
        ("failed", "machine.managed"),
        ("failed", "machine.not_found"),
        ("done", None),
    ]
    assert paused == [("done", None)] * 2
    assert [state(faulty, uuid) for uuid in uuids] == ["paused", "paused", "shut off"]
    resumed, saved, again, forced = act(
        faulty,
        {"action": "resume", "uuids": ours},
        {"action": "save", "uuids": [two]},
        {"action": "start", "uuids": [two]},
        {"action": "power_off", "uuids": ours},
    )
    assert resumed == [("done", None)] * 2
    assert saved == again == [("done", None)]
    assert forced == [("done", None)] * 2
    assert [state(faulty, uuid) for uuid in uuids] == ["shut off"] * 3
