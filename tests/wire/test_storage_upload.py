# SPDX-License-Identifier: Apache-2.0
"""Uploads into a pool of a real libvirtd: whole, broken off and gone on with, cancelled, killed, refused."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.wire.helper_process import TREE, HelperProcess
from tests.wire.libvirt_daemon import MISSING, LibvirtDaemon
from tests.wire.test_machines_details import refusal
from tests.wire.test_storage_live import create, folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))

FRAME = 64 * 1024
WINDOW = 16 * FRAME
CONTENT = bytes(range(256)) * 256 * 40 + b"the end"  # 2.5 MiB and a bit


class Channel:
    """The page's end of ``helper upload <ticket>``."""

    def __init__(self, ticket: str, environ: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "cockpit_rhv.helper", "upload", ticket],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(TREE / "bridge"), **environ},
            bufsize=0,
        )
        self.acked = 0

    def frame(self, kind: bytes, content: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(kind + len(content).to_bytes(4, "big") + content)

    def order(self, event: str, **more: Any) -> None:
        self.frame(b"J", json.dumps({"event": event, **more}).encode())

    def event(self) -> dict[str, Any]:
        head = self._exactly(5)
        assert head[:1] == b"J"
        said: dict[str, Any] = json.loads(self._exactly(int.from_bytes(head[1:], "big")))
        return said

    def send(self, data: bytes, start: int = 0) -> None:
        """As a page does: never more than the window without an acknowledgement."""
        self.acked = start
        for at in range(start, len(data), FRAME):
            while at - self.acked >= WINDOW:
                said = self.event()
                assert said["event"] == "ack", said
                self.acked = said["offset"]
            self.frame(b"D", data[at : at + FRAME])

    def last(self) -> dict[str, Any]:
        """What it says after the acknowledgements."""
        while (said := self.event())["event"] in ("ack", "finishing"):
            pass
        return said

    def close(self) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        code = self.process.wait(60)
        self.process.stdout.close()
        return code

    def _exactly(self, size: int) -> bytes:
        assert self.process.stdout is not None
        data = b""
        while len(data) < size:
            piece = self.process.stdout.read(size - len(data))
            assert piece, "it has ended"
            data += piece
        return data


class Uploads:
    """A pool and the way into it."""

    def __init__(self, daemon: LibvirtDaemon, live: HelperProcess, tickets: Path) -> None:
        self.path = folder(daemon, "images")
        self.live = live
        self.pool = create(live, "images", self.path)
        live.subscribe(f"pool/{self.pool}")
        self._environ = {"COCKPIT_RHV_LIBVIRT_URI": daemon.uri(), "COCKPIT_RHV_UPLOADS": str(tickets)}
        self.channels: list[Channel] = []

    def begin(self, name: str = "a.iso", size: int = len(CONTENT)) -> str:
        ticket: str = self.live.call("storage.upload_begin", pool=self.pool, name=name, size_bytes=size)["ticket"]
        return ticket

    def open(self, ticket: str) -> Channel:
        self.channels.append(Channel(ticket, self._environ))
        return self.channels[-1]

    def refusal(self, name: str, size: int) -> str:
        return refusal(self.live, "storage.upload_begin", pool=self.pool, name=name, size_bytes=size)


@pytest.fixture
def uploads(
    daemon: LibvirtDaemon, live: HelperProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Uploads]:
    uploads = Uploads(daemon, live, tmp_path / "uploads")
    yield uploads
    for channel in uploads.channels:
        channel.process.kill()
        channel.close()


@pytest.fixture
def live(daemon: LibvirtDaemon, start_helper: Any, tmp_path: Path) -> HelperProcess:
    """A helper whose tickets lie in a folder of the test."""
    uploads = {"COCKPIT_RHV_UPLOADS": str(tmp_path / "uploads")}
    helper: HelperProcess = start_helper(environ={"COCKPIT_RHV_LIBVIRT_URI": daemon.uri(), **uploads})
    helper.subscribe("machines")
    helper.until("machines", lambda state: state["libvirt"]["state"] == "connected")
    return helper


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_a_whole_file(uploads: Uploads) -> None:
    ticket = uploads.begin()
    channel = uploads.open(ticket)
    assert channel.event() == {"event": "have", "offset": 0, "sha256": digest(b"")}
    channel.send(CONTENT)
    channel.order("end", sha256=digest(CONTENT))
    assert channel.last() == {"event": "done", "path": str(uploads.path / "a.iso")}
    assert channel.close() == 0
    assert (uploads.path / "a.iso").read_bytes() == CONTENT
    assert [one.name for one in uploads.path.iterdir()] == ["a.iso"]
    assert (uploads.path / "a.iso").stat().st_mode & 0o777 == 0o644
    # libvirt knows it, without being asked to look again
    state = uploads.live.until(f"pool/{uploads.pool}", lambda state: "a.iso" in state["volumes"])
    assert state["volumes"]["a.iso"]["capacity_bytes"] == len(CONTENT)
    # the ticket has served, and the name is taken
    again = uploads.open(ticket)
    assert again.event()["error"]["code"] == "upload.no_ticket"
    assert uploads.refusal("a.iso", 5) == "storage.volume_exists"


@pytest.mark.parametrize("how", ["break", "kill"])
def test_it_goes_on_after_a_break(uploads: Uploads, how: str) -> None:
    ticket = uploads.begin("disk.qcow2")
    channel = uploads.open(ticket)
    channel.event()
    channel.send(CONTENT[: len(CONTENT) // 2])
    while channel.acked < FRAME * 16:
        channel.acked = channel.event()["offset"]
    if how == "kill":
        channel.process.send_signal(signal.SIGKILL)
    channel.close()
    part = uploads.path / ".disk.qcow2.rhv-upload.part"
    left = part.stat().st_size
    assert channel.acked <= left <= len(CONTENT) // 2
    again = uploads.open(ticket)
    assert again.event() == {"event": "have", "offset": left, "sha256": digest(CONTENT[:left])}
    again.send(CONTENT, left)
    again.order("end", sha256=digest(CONTENT))
    assert again.last()["event"] == "done"
    assert (uploads.path / "disk.qcow2").read_bytes() == CONTENT
    assert not part.exists()
    assert (uploads.path / "disk.qcow2").stat().st_mode & 0o777 == 0o600


def test_the_rest_of_another_file_is_not_gone_on_with(uploads: Uploads) -> None:
    first = uploads.open(uploads.begin(size=14))
    first.event()
    first.frame(b"D", b"something else")
    assert first.event() == {"event": "ack", "offset": 14}
    first.close()
    answer = uploads.live.call("storage.upload_begin", pool=uploads.pool, name="a.iso", size_bytes=len(CONTENT))
    assert answer["have_bytes"] == 14
    channel = uploads.open(answer["ticket"])
    assert channel.event()["sha256"] == digest(b"something else")
    channel.order("restart")
    channel.send(CONTENT)
    channel.order("end", sha256=digest(CONTENT))
    assert channel.last()["event"] == "done"
    assert (uploads.path / "a.iso").read_bytes() == CONTENT


def test_what_has_arrived_wrong_is_not_kept(uploads: Uploads) -> None:
    channel = uploads.open(uploads.begin())
    channel.event()
    channel.send(CONTENT)
    channel.order("end", sha256=digest(CONTENT + b"!"))
    assert channel.last()["error"]["code"] == "upload.checksum"
    assert list(uploads.path.iterdir()) == []


def test_nothing_is_overwritten(uploads: Uploads) -> None:
    channel = uploads.open(uploads.begin())
    channel.event()
    channel.send(CONTENT)
    (uploads.path / "a.iso").write_bytes(b"somebody was faster")
    channel.order("end", sha256=digest(CONTENT))
    assert channel.last()["error"]["code"] == "storage.volume_exists"
    assert (uploads.path / "a.iso").read_bytes() == b"somebody was faster"


def test_it_is_cancelled(uploads: Uploads) -> None:
    ticket = uploads.begin()
    channel = uploads.open(ticket)
    channel.event()
    channel.frame(b"D", CONTENT[:FRAME])
    channel.order("cancel")
    assert channel.last() == {"event": "cancelled"}
    assert channel.close() == 0
    assert list(uploads.path.iterdir()) == []
    assert uploads.open(ticket).event()["error"]["code"] == "upload.no_ticket"


def test_a_cancelled_upload_that_libvirt_has_seen_holds_nothing_up(uploads: Uploads) -> None:
    channel = uploads.open(uploads.begin())
    channel.event()
    part = uploads.path / ".a.iso.rhv-upload.part"
    assert part.stat().st_mode & 0o777 == 0o600
    part.chmod(0o644)  # this libvirtd is not root
    uploads.live.call("storage.act", pool=uploads.pool, action="refresh")
    state = uploads.live.until(f"pool/{uploads.pool}", lambda state: part.name in state["volumes"])
    assert state["volumes"][part.name]["partial"] is True
    # nobody deletes it while it arrives
    assert refusal(uploads.live, "storage.volume_remove", pool=uploads.pool, name=part.name) == "upload.busy"
    channel.order("cancel")
    assert channel.last() == {"event": "cancelled"}
    uploads.live.until(f"pool/{uploads.pool}", lambda state: part.name not in state["volumes"])


def test_one_at_a_time(uploads: Uploads) -> None:
    ticket = uploads.begin()
    uploads.open(ticket).event()
    assert uploads.open(ticket).event()["error"]["code"] == "upload.busy"


def test_what_is_refused_before_a_byte_is_sent(uploads: Uploads) -> None:
    for name in ("../x.iso", "a/b", ".x", "", "a.part", "a\0b"):
        assert uploads.refusal(name, 1) == "volume.bad_name"
    assert uploads.refusal("huge.iso", 2**52) == "storage.no_space"
    first = uploads.open(uploads.begin("long", 10))
    first.event()
    first.frame(b"D", b"0123456789")
    assert first.event()["event"] == "ack"
    first.close()
    assert uploads.refusal("long", 5) == "upload.other_size"
    (uploads.path / ".foreign.rhv-upload.part").write_bytes(b"not ours")
    assert uploads.refusal("foreign", 50) == "upload.other_file"
    (uploads.path / ".link.rhv-upload.part").symlink_to("/etc/passwd")
    assert uploads.refusal("link", 5) == "upload.other_file"
    uploads.live.call("storage.act", pool=uploads.pool, action="deactivate")
    assert uploads.refusal("a.iso", 1) == "storage.inactive"


def test_more_than_was_said_and_what_is_no_frame(uploads: Uploads) -> None:
    channel = uploads.open(uploads.begin(size=10))
    channel.event()
    channel.frame(b"D", b"x" * 11)
    assert channel.last()["error"]["code"] == "upload.too_much"
    other = uploads.open(uploads.begin("b", 10))
    other.event()
    other.frame(b"X", b"")
    assert other.last()["error"]["code"] == "upload.protocol"
    for ticket in ("../../etc/passwd", "0" * 32):
        assert uploads.open(ticket).event()["error"]["code"] == "upload.no_ticket"


def test_its_memory_does_not_grow_with_the_file(uploads: Uploads) -> None:
    size = 64 * 1024 * 1024
    channel = uploads.open(uploads.begin("big", size))
    channel.event()
    zeros = bytes(size)
    channel.send(zeros[: size // 8])
    early = _peak_kib(channel.process.pid)
    channel.send(zeros, size // 8)
    assert _peak_kib(channel.process.pid) - early < 4096
    channel.order("end", sha256=digest(zeros))
    assert channel.last()["event"] == "done"


def _peak_kib(pid: int) -> int:
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
