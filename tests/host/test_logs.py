# SPDX-License-Identifier: Apache-2.0
"""Logs and events on a real host: an archive with planted secrets, a cancelled collection, a guest's recorded life."""

from __future__ import annotations

import json
import lzma
import re
import subprocess
import tarfile
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.testhost.host import TestHost

#: Eight characters: libvirt takes no more for a display.
SECRET = "Pl4nt-Z9"
GUEST = "rhv-logged"
DOMAIN = f"""<domain type='qemu'><name>{GUEST}</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os>
<devices><memballoon model='none'/>
<graphics type='vnc' port='-1' listen='127.0.0.1' passwd='{SECRET}'/></devices></domain>
"""
STATE = "var/lib/cockpit-rhv"
PATIENCE_S = 60.0

#: Looks at the events as an open page does, and tells them when a line comes; ends with its input.
WATCHER = r"""
import json, subprocess, sys
helper = subprocess.Popen(["/usr/libexec/cockpit-rhv/helper"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
numbers = iter(range(1, 10**6))
def call(method, **params):
    number = next(numbers)
    helper.stdin.write(json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": params}) + "\n")
    helper.stdin.flush()
    for line in helper.stdout:
        message = json.loads(line)
        if message.get("id") == number:
            return message.get("result", message.get("error"))
    sys.exit("the helper has ended")
call("hello", client_version="", language="en")
call("subscribe", topic="events")
for line in sys.stdin:
    print(json.dumps(call("events.list", **json.loads(line))), flush=True)
helper.stdin.close()
helper.wait(10)
"""


@pytest.fixture
def guest(faulty: TestHost) -> Iterator[str]:
    """A small guest with a password on its display, off."""
    faulty.container.run("virsh", "define", "/dev/stdin", input=DOMAIN)
    try:
        yield GUEST
    finally:
        faulty.container.run("virsh", "destroy", GUEST, check=False)
        faulty.container.run("virsh", "undefine", GUEST, check=False)


def contents(archive: Path) -> dict[str, bytes]:
    with lzma.open(archive) as packed, tarfile.open(fileobj=packed) as files:
        return {member.name: (files.extractfile(member) or packed).read() for member in files.getmembers()}


def until(what: str, look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.3)


def test_an_archive_holds_everything_but_the_secrets(faulty: TestHost, guest: str) -> None:
    run, root = faulty.container.run, faulty.container.root
    run("virsh", "start", guest)
    planted = {
        f"var/log/libvirt/qemu/{guest}-serial0.log": f"login: root\npassword: {SECRET}\n",
        "var/log/vdsm/vdsm.log": f"INFO connectStorageServer(conList=[{{'password': '{SECRET}', 'user': 'chap'}}])\n",
        "var/log/sanlock.log": f"Authorization: Bearer {SECRET}{SECRET}\n",
    }
    for name, text in planted.items():
        faulty.container.write(f"/{name}", text)
    run("logger", "-t", "planted", "--", f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----")
    run("logger", "-t", "planted", "--", f"ADMIN_PASSWORD={SECRET}")
    # One source hangs; it is left behind and said.
    faulty.container.write("/usr/local/sbin/multipath", "#!/bin/sh\necho begun\nexec sleep 600\n", 0o755)
    try:
        run("cockpit-rhv", "collect-logs", "--since", "1h", "--output", "/root/logs.tar.xz")
        files = contents(root / "root" / "logs.tar.xz")
        assert (root / "root" / "logs.tar.xz").stat().st_mode & 0o777 == 0o600
    finally:
        run("rm", "-f", "/usr/local/sbin/multipath", "/root/logs.tar.xz", *(f"/{name}" for name in planted))
    leaking = [name for name, content in files.items() if SECRET.encode() in content]
    assert leaking == []
    manifest = json.loads(files["rhv-logs/manifest.json"])
    sources = {entry["name"]: entry for entry in manifest["sources"]}
    for name in planted:
        assert sources[name]["removed"] > 0, sources[name]
    assert sources["storage/multipath.txt"]["status"] == "failed"
    assert files["rhv-logs/storage/multipath.txt"] == b"begun\n"
    assert sources["network/address.txt"]["status"] == sources["journal/all.txt"]["status"] == "ok"
    (definition,) = [
        name
        for name in files
        if re.fullmatch(r"rhv-logs/guests/[0-9a-f-]{36}\.xml", name) and guest.encode() in files[name]
    ]
    assert b"<domain" in files[definition]
    assert json.loads(files["rhv-logs/host/health.json"])["results"]
    assert all(entry["status"] in ("ok", "cut", "failed", "absent") for entry in manifest["sources"])
    # It was asked for elsewhere: nothing is kept here.
    assert not list((root / STATE / "logs").glob("*.tar.xz"))


def test_a_cancelled_collection_leaves_nothing(faulty: TestHost) -> None:
    run, root = faulty.container.run, faulty.container.root
    faulty.container.write("/usr/local/sbin/lspci", "#!/bin/sh\nexec sleep 600\n", 0o755)
    try:
        collecting = faulty.container.popen("cockpit-rhv", "collect-logs")
        (partial,) = until("it writes", lambda: list((root / STATE / "logs").glob("*.partial")))
        job = partial.name.partition(".")[0]
        run("cockpit-rhv", "cancel", job)
        assert collecting.wait(30) != 0
        again = run("cockpit-rhv", "jobs").stdout.splitlines()[0]
        assert job in again
        assert "cancelled" in again
        run("rm", "-f", "/usr/local/sbin/lspci")
        kept = run("cockpit-rhv", "collect-logs", "--no-guests").stdout.strip().splitlines()[-1]
        assert [path.name for path in (root / STATE / "logs").iterdir() if path.suffix == ".partial"] == []
        files = contents(root / kept.lstrip("/"))
        assert not [name for name in files if name.startswith("rhv-logs/var/log/libvirt/qemu/")]
    finally:
        run("rm", "-rf", "/usr/local/sbin/lspci", f"/{STATE}/logs")


class Watcher:
    """An open page that shows the events of one guest."""

    def __init__(self, host: TestHost, guest: str) -> None:
        self._process = host.container.popen("python3", "-c", WATCHER, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._question = json.dumps({"guest": guest}).encode() + b"\n"

    def newest(self) -> tuple[str, str] | None:
        """How the newest event is known, and what it is."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(self._question)
        stdin.flush()
        events = json.loads(stdout.readline())["events"]
        return (events[0]["source"], events[0]["what"]) if events else None

    def close(self) -> None:
        """The page is closed."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(20)


def told(page: Watcher, event: tuple[str, str]) -> bool:
    return page.newest() == event


def test_a_guests_life_is_kept_whoever_listened(faulty: TestHost, guest: str) -> None:
    """Recorded live while a page is open; what happened in between comes from QEMU's log."""
    run = faulty.container.run
    run("virsh", "start", guest)
    page = Watcher(faulty, guest)
    try:
        # Recording has begun once the past is written.
        until("what was before", lambda: (page.newest() or ("", ""))[1] == "started")
        for act, what in (("suspend", "paused"), ("resume", "resumed"), ("destroy", "stopped"), ("start", "started")):
            run("virsh", act, guest)
            until(act, partial(told, page, ("libvirt", what)))
    finally:
        page.close()
    run("virsh", "destroy", guest)
    page = Watcher(faulty, guest)
    try:
        until("the end nobody listened to", lambda: page.newest() == ("log", "stopped"))
    finally:
        page.close()
