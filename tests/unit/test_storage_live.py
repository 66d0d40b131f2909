# SPDX-License-Identifier: Apache-2.0
"""The storage test on this machine: real directories, private mounts, programs that hang, tests that are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import Message
from cockpit_rhv.storage import block_probe, file_probe, left_sessions
from cockpit_rhv.storage.blocks import Lun, PathTo, Use
from cockpit_rhv.storage.document import Chap, Login, Nfs, Portal
from cockpit_rhv.storage.files import Files
from cockpit_rhv.storage.initiator import Initiator, LeftSession
from cockpit_rhv.storage.latency import judge_latency
from cockpit_rhv.storage.luns import LunSteps
from cockpit_rhv.storage.nfs import NfsTest
from cockpit_rhv.storage.private_mounts import PrivateMounts
from cockpit_rhv.storage.programs import Cancelled, Overdue, Programs
from cockpit_rhv.storage.qemu_user import QemuUser, read_qemu_user
from cockpit_rhv.storage.steps import Found, Report, Step, run_steps
from cockpit_rhv.storage.testing import Running, try_storage

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mounts and other users' rights need root")

TREE = Path(__file__).resolve().parents[2]
NOBODY = QemuUser("nobody", 65534, 65534, (65534,))
MIB = 2**20
MSG = Message("test", "A test.")


@pytest.fixture
def folder() -> Iterator[Path]:
    """On a disk, and reachable for everybody: pytest's own folders are neither for sure."""
    path = Path("/var/tmp") / f"storage-test-{os.getpid()}"
    path.mkdir(mode=0o755)
    os.chown(path, NOBODY.uid, NOBODY.gid)
    yield path
    subprocess.run(["rm", "-rf", str(path)], check=True)


@pytest.fixture(autouse=True)
def qemu_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit_rhv.storage.files.read_qemu_user", lambda: NOBODY)


def severities(report: Report) -> dict[str, str]:
    return {result.step.id: result.found.severity for result in report.results}


def texts(report: Report) -> dict[str, str]:
    return {result.step.id: result.found.summary.id for result in report.results}


def test_a_good_directory_and_nothing_left_in_it(folder: Path) -> None:
    report = try_storage({"type": "directory", "path": str(folder)})
    found = severities(report)
    assert {found[step] for step in ("path", "write", "root", "locks", "space", "content")} == {"ok"}, texts(report)
    assert found["latency"] in ("ok", "warning")
    assert list(folder.iterdir()) == []
    assert report.to_json()["document"] == {"type": "directory", "path": str(folder), "make": False}


def test_what_lies_in_a_directory_is_said(folder: Path) -> None:
    (folder / "lost+found").mkdir()
    assert texts(try_storage({"type": "directory", "path": str(folder)}))["content"] == "storage.content.empty"
    (folder / "readme").write_text("x")
    assert texts(try_storage({"type": "directory", "path": str(folder)}))["content"] == "storage.content.other"
    (folder / "engine.qcow2").write_text("x")
    assert texts(try_storage({"type": "directory", "path": str(folder)}))["content"] == "storage.content.disks"
    domain = folder / "2a1b" / "dom_md"
    domain.mkdir(parents=True)
    (domain / "metadata").write_text("CLASS=Data")
    assert texts(try_storage({"type": "directory", "path": str(folder)}))["content"] == "storage.content.domain"


def test_a_directory_where_root_makes_the_disks_as_in_libvirts_own(folder: Path) -> None:
    os.chown(folder, 0, 0)
    folder.chmod(0o711)
    (folder / "guest.qcow2").write_text("x")
    found = try_storage({"type": "directory", "path": str(folder)})
    assert {severities(found)[step] for step in ("write", "root", "locks", "content")} == {"ok"}, texts(found)
    assert [path.name for path in folder.iterdir()] == ["guest.qcow2"]


def test_a_directory_where_root_cannot_give_files_away_but_qemu_may_make_its_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a server that squashes root, which this host has mounted by itself."""
    original = Files.probe

    def probe(files: Files, action: str, user: QemuUser | None) -> dict[str, Any]:
        if files._given and action != "look" and user is not None:
            return {"errno": "EPERM", "detail": "fchown"}
        return original(files, action, user)

    monkeypatch.setattr(Files, "probe", probe)
    found = severities(try_storage({"type": "directory", "path": str(folder)}))
    assert {found[step] for step in ("write", "locks")} == {"ok"}
    os.chown(folder, 0, 0)
    assert texts(try_storage({"type": "directory", "path": str(folder)}))["write"] == "storage.write.closed"


def test_a_directory_qemu_cannot_reach(folder: Path) -> None:
    os.chown(folder, 0, 0)
    folder.chmod(0o700)
    report = try_storage({"type": "directory", "path": str(folder)})
    assert texts(report)["write"] == "storage.write.closed"
    assert (severities(report)["locks"], report.verdict) == ("skipped", "error")
    assert list(folder.iterdir()) == []


def test_a_directory_that_will_be_made(folder: Path) -> None:
    wanted = folder / "one" / "two"
    report = try_storage({"type": "directory", "path": str(wanted), "make": True})
    assert (texts(report)["path"], texts(report)["content"]) == ("storage.directory.made", "storage.directory.none")
    assert report.verdict in ("ok", "warning"), texts(report)
    assert list(folder.iterdir()) == []
    (folder / "one").write_text("in the way")
    blocked = try_storage({"type": "directory", "path": str(wanted), "make": True})
    assert severities(blocked)["path"] == "error"


@pytest.mark.parametrize(
    ("path", "reason"),
    [("/var/tmp/none-such", "missing"), ("/etc/passwd", "not_directory"), ("/proc", "kind"), ("/dev/shm", "memory")],
)
def test_places_that_are_no_directory_for_disks(path: str, reason: str) -> None:
    assert texts(try_storage({"type": "directory", "path": path}))["path"].endswith(reason)


def test_more_room_is_needed_than_there_is(folder: Path) -> None:
    assert texts(try_storage({"type": "directory", "path": str(folder)}, 10**6))["space"] == "storage.space.short"


@pytest.fixture
def private() -> Iterator[PrivateMounts]:
    with PrivateMounts(Programs()) as private:
        yield private


def in_tmpfs(private: PrivateMounts, options: str) -> Files:
    """A file system of a megabyte nobody else sees."""
    place = str(private.place)
    assert private.programs.run(["mount", "-t", "tmpfs", "-o", f"size=1m,{options}", "x", place], 5.0).code == 0
    return Files(place, private.programs, None)


def test_a_private_mount_is_seen_inside_only(private: PrivateMounts) -> None:
    files = in_tmpfs(private, "mode=0777")
    assert files.write().severity == "ok"
    assert files.space().summary.id == "storage.space.little"
    assert not os.path.ismount(private.place)
    assert str(private.place) not in Path("/proc/self/mounts").read_text()


@pytest.mark.parametrize(
    ("options", "reason"), [("ro", "read_only"), ("mode=0755", "denied"), ("mode=0777,nr_inodes=1", "full")]
)
def test_why_qemu_may_not_write(private: PrivateMounts, options: str, reason: str) -> None:
    found = in_tmpfs(private, options).write()
    assert (found.severity, found.summary.id, found.stop) == ("error", f"storage.write.{reason}", True)


def test_a_full_file_system(private: PrivateMounts) -> None:
    files = in_tmpfs(private, "mode=0777")
    private.programs.run(["dd", "if=/dev/zero", f"of={private.place}/big", "bs=64k"], 5.0)
    assert files.write().summary.id == "storage.write.full"


def test_a_lock_that_is_granted_twice_is_an_error(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files(str(folder), Programs(), None)
    assert files.locks().severity == "ok"
    monkeypatch.setattr(files, "probe", lambda *_: {"refused": False})
    assert files.locks().summary.id == "storage.locks.useless"
    monkeypatch.setattr(files, "probe", lambda *_: {"errno": "ENOLCK", "detail": "No locks available"})
    assert files.locks().summary.id == "storage.locks.none"


def test_a_squashed_root_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files(str(folder), Programs(), None)
    monkeypatch.setattr(files, "probe", lambda *_: {"uid": 12345, "gid": 12345, "same": True})
    assert (files.root().severity, files.root().summary.id) == ("warning", "storage.root.squashed")


def test_a_root_that_becomes_qemus_user_is_well(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody is squashed to that user: what root makes needs not be given away."""
    files = Files(str(folder), Programs(), None)
    monkeypatch.setattr(files, "probe", lambda *_: {"uid": files.qemu().uid, "gid": 1, "same": True})
    assert (files.root().severity, files.root().summary.id) == ("ok", "storage.root.mapped")


def test_a_server_that_makes_all_of_them_one_user_of_its_own_is_well(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The export of an oVirt host of before: all_squash,anonuid=36,anongid=36."""
    files = Files(str(folder), Programs(), None)
    monkeypatch.setattr(files, "probe", lambda *_: {"uid": 36, "gid": 36, "same": True})
    assert (files.root().severity, files.root().summary.id) == ("warning", "storage.root.squashed")
    assert (files.write().severity, files.write().summary.id) == ("ok", "storage.write.mapped")
    assert (files.root().severity, files.root().summary.id) == ("ok", "storage.root.mapped")


@pytest.mark.parametrize(
    ("errno", "found"),
    [
        ("EACCES", ("warning", "storage.root.refused")),
        ("EPERM", ("warning", "storage.root.refused")),
        ("ENOSPC", ("error", "storage.root.failed")),
        ("EIO", ("error", "storage.root.failed")),
    ],
)
def test_only_a_refusal_is_taken_for_a_squashed_root(
    folder: Path, monkeypatch: pytest.MonkeyPatch, errno: str, found: tuple[str, str]
) -> None:
    files = Files(str(folder), Programs(), None)
    monkeypatch.setattr(files, "probe", lambda *_: {"errno": errno, "detail": errno})
    assert (files.root().severity, files.root().summary.id) == found


def test_files_of_killed_tests_are_removed_when_they_are_old(folder: Path) -> None:
    old, new = folder / f"{file_probe.PREFIX}old", folder / f"{file_probe.PREFIX}new"
    for path in (old, new):
        path.write_text("x")
        os.chown(path, NOBODY.uid, NOBODY.gid)
    os.utime(old, (1, 1))
    assert try_storage({"type": "directory", "path": str(folder)}).verdict in ("ok", "warning")
    assert list(folder.iterdir()) == [new]


def test_a_program_that_hangs_is_killed_with_its_children() -> None:
    began = time.monotonic()
    child = f"sleep 61.{os.getpid()}"  # nobody else's: other runs on this machine may be here, too
    with pytest.raises(Overdue, match="no end within"):
        Programs().run(["sh", "-c", f"{child} & wait"], 0.4)
    # the kernel takes a moment to end whom it has killed
    wait_until(lambda: not processes(child))
    assert time.monotonic() - began < 45


def processes(words: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        found += [line] if line == words else []
    return found


def test_cancelling_ends_the_program_that_runs_and_everything_is_undone() -> None:
    programs = Programs()
    threading.Timer(0.3, programs.cancel.set).start()
    undone = []

    def undo() -> Found:
        undone.append(programs.uncancelled().run(["echo", "undone"], 60.0).out)
        return Found("ok", MSG)

    def hang() -> Found:
        programs.run(["sleep", "62.5"], 60.0)
        raise AssertionError

    steps = [Step("hang", MSG, MSG, hang), Step("next", MSG, MSG, hang), Step("undone", MSG, MSG, undo, always=True)]
    report = run_steps(steps, Report({}))
    assert report.cancelled
    assert report.verdict == "unknown"
    assert severities(report) == {"hang": "skipped", "next": "skipped", "undone": "ok"}
    assert undone == ["undone"]
    assert report.elapsed_s < 30
    with pytest.raises(Cancelled):
        programs.run(["true"], 1.0)


def test_a_program_that_is_missing_is_told_by_its_name() -> None:
    with pytest.raises(FileNotFoundError, match="none-such"):
        Programs().run(["none-such", "x"], 5.0)


def test_a_step_that_crashes_does_not_keep_the_others_from_undoing() -> None:
    def crash() -> Found:
        raise ZeroDivisionError

    steps = [Step("one", MSG, MSG, crash), Step("undone", MSG, MSG, lambda: Found("ok", MSG), always=True)]
    assert severities(run_steps(steps, Report({}))) == {"one": "unknown", "undone": "ok"}


KILLED = """
import sys, time
from cockpit_rhv.storage.private_mounts import PrivateMounts
from cockpit_rhv.storage.programs import Programs
with PrivateMounts(Programs()) as private:
    private.programs.run(["mount", "-t", "tmpfs", "x", str(private.place)], 5.0)
    print(private._keeper.pid, flush=True)
    private.programs.run(["sleep", "63.5"], 60.0)
"""


def test_a_killed_test_leaves_neither_mount_nor_program() -> None:
    environment = {**os.environ, "PYTHONPATH": str(TREE / "bridge")}
    program = f"sleep 63.{os.getpid()}"
    command = [sys.executable, "-c", KILLED.replace("63.5", f"63.{os.getpid()}")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as child:
        assert child.stdout is not None
        keeper = int(child.stdout.readline())
        wait_until(lambda: bool(processes(program)))
        child.send_signal(signal.SIGKILL)
    # The kernel takes the mounts away with the last process in the namespace.
    wait_until(lambda: not processes(program) and not Path(f"/proc/{keeper}/ns/mnt").exists())


def wait_until(true: Any) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_one_test_at_a_time_and_it_can_be_cancelled(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    running = Running()
    assert not running.cancel()
    monkeypatch.setattr(file_probe, "_WRITES", 1)
    second: list[str] = []
    original = try_storage

    def meanwhile(_result: object) -> None:
        with pytest.raises(RhvError) as caught:
            running.test({"type": "directory", "path": str(folder)})
        second.append(caught.value.code)
        assert running.cancel()

    monkeypatch.setattr(
        "cockpit_rhv.storage.testing.try_storage",
        lambda value, need, cancel, _tell, begin, _earlier: original(value, need, cancel, meanwhile, begin),
    )
    report = running.test({"type": "directory", "path": str(folder)})
    assert second[0] == "storage.busy"
    assert report.cancelled
    assert not running._cancel


def test_a_test_is_watched_from_its_plan_to_its_end(folder: Path) -> None:
    running = Running()
    seen: list[tuple[bool, int, int]] = []

    def look() -> None:
        state = running.to_json()
        seen.append((state["running"], len(state["plan"]), len(state["steps"])))

    forget = running.on_change(look)
    running.test({"type": "directory", "path": str(folder)})
    assert seen == [*((True, 7, steps) for steps in range(8)), (False, 0, 0)]
    forget()
    running.test({"type": "directory", "path": str(folder)})
    assert len(seen) == 9


def test_nfs_without_a_client_in_the_kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if "nfs" in Path("/proc/filesystems").read_text().split():
        pytest.skip("this kernel has NFS")
    fake_programs(
        monkeypatch, tmp_path, {"modprobe": "echo 'FATAL: Module nfs not found' >&2; exit 1", "mount.nfs": ""}
    )
    report = try_storage({"type": "nfs", "server": "192.0.2.1", "path": "/x"})
    assert texts(report)["client"] == "storage.nfs.no_kernel"
    assert severities(report)["undone"] == "ok"
    assert report.elapsed_s < 30


def fake_programs(monkeypatch: pytest.MonkeyPatch, folder: Path, scripts: dict[str, str]) -> None:
    for name, body in scripts.items():
        path = folder / name
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


def test_the_mount_of_nfs_is_one_that_ends() -> None:
    test = NfsTest(Nfs("fd00::1", "/srv", "4.2", ("hard", "nconnect=2", "timeo=600")), Programs(), None)
    assert test.source() == "[fd00::1]:/srv"
    assert test.options() == ["nconnect=2", "timeo=600", "vers=4.2", "soft", "timeo=30", "retrans=1", "retry=0"]


def test_open_iscsi_works_with_records_and_secrets_that_nobody_else_sees(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    etc, programs, seen = tmp_path / "iscsi", tmp_path / "bin", tmp_path / "seen"
    for path in (etc, programs):
        path.mkdir()
    (etc / "iscsid.conf").write_text("node.startup = automatic\n")
    (etc / "initiatorname.iscsi").write_text("InitiatorName=iqn.host\n")
    # It writes a record as iscsiadm does, and shows what it was given.
    script = (
        f'mkdir -p {etc}/nodes; cp {etc}/iscsid.conf {etc}/nodes/r; echo "$*" >> {seen}; cat {etc}/* >> {seen} 2>&1; :'
    )
    fake_programs(monkeypatch, programs, {"iscsiadm": script})
    chap = Chap(Login("host1", "s3cret"))
    with Initiator(Programs(), chap, (str(etc),)) as initiator:
        assert initiator.discover(Portal("10.0.0.1", 3260)) == []
        assert "s3cret" not in seen.read_text()
        assert initiator.login("iqn.2024-01.lab.wk:t1", Portal("10.0.0.1", 3260))
    shown = seen.read_text()
    assert "node.session.auth.password = s3cret" in shown
    assert "InitiatorName=iqn.host" in shown
    assert "-o new" in shown
    assert not [line for line in shown.splitlines() if line.startswith("-m") and "s3cret" in line]
    assert sorted(path.name for path in etc.iterdir()) == ["initiatorname.iscsi", "iscsid.conf"]
    assert (etc / "iscsid.conf").read_text() == "node.startup = automatic\n"


@pytest.mark.parametrize(("code", "raised"), [(24, "storage.iscsi.auth"), (8, "storage.iscsi.silent")])
def test_a_login_that_fails(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: int, raised: str) -> None:
    etc = tmp_path / "iscsi"
    etc.mkdir()
    (etc / "iscsid.conf").write_text("")
    fake_programs(monkeypatch, tmp_path, {"iscsiadm": f'case "$*" in *--login*) exit {code};; esac'})
    with Initiator(Programs(), None, (str(etc),)) as initiator, pytest.raises(RhvError) as caught:
        initiator.login("iqn.2024-01.lab.wk:t1", Portal("10.0.0.1", 3260))
    assert caught.value.code == raised


def test_sessions_of_dead_tests_are_ended_and_those_of_living_ones_are_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    living = [LeftSession(sid, "t") for sid in (1, 2, 3)]
    monkeypatch.setattr(left_sessions, "sessions", lambda: list(living))

    def logout(sid: int, _programs: Programs) -> str:
        living[:] = [session for session in living if session.sid != sid]
        return ""

    monkeypatch.setattr(left_sessions, "logout", logout)
    notes = left_sessions.Notes(tmp_path)
    notes.add(living[0])
    (tmp_path / "999999999-5-a").write_text('[[2, "t"]]')
    assert left_sessions.end_left_sessions(Programs(), tmp_path).sids == [2]
    assert [session.sid for session in living] == [1, 3]
    assert len(list(tmp_path.iterdir())) == 1
    notes.clear()
    assert list(tmp_path.iterdir()) == []


def test_a_lun_is_measured_without_a_byte_changed(folder: Path) -> None:
    path = folder / "lun"
    path.write_bytes(bytes(4 * MIB))
    answer = block_probe.measure(str(path), True)
    assert (answer["zero"], answer["wrote"], answer["size"]) == (True, True, 4 * MIB)
    assert not any(path.read_bytes())
    content = bytes(MIB - 1) + b"x" + bytes(3 * MIB)
    path.write_bytes(content)
    answer = block_probe.measure(str(path), True)
    assert (answer["zero"], answer["wrote"]) == (False, False)
    assert answer["ms"]
    assert path.read_bytes() == content


@pytest.mark.parametrize(("kind", "reason"), [("ext4", "data"), (None, "empty")])
def test_what_is_on_a_lun_by_blkid(folder: Path, kind: str | None, reason: str) -> None:
    path = folder / "lun"
    path.write_bytes(bytes(8 * MIB))
    if kind:
        subprocess.run([f"mkfs.{kind}", "-q", str(path)], check=True)
    steps = LunSteps(Programs(), None)
    steps.lun = Lun("a", 0, 8 * MIB, "", "", "", "iscsi", False, str(path), (PathTo("/dev/sda", "", "running"),), ())
    assert steps.content().summary.id == f"storage.lun.{reason}"
    assert steps.write().severity == ("skipped" if kind else "ok")
    assert steps.latency().summary.id.startswith("storage.latency.")
    assert steps.size().summary.id == "storage.space.little"


def test_a_lun_in_use_or_read_only_is_refused() -> None:
    steps = LunSteps(Programs(), None)
    plain: dict[str, Any] = {"wwid": "a", "lun": 0, "size": 1, "vendor": "", "model": "", "serial": "", "transport": ""}
    steps.lun = Lun(**plain, read_only=True, device="/dev/x", paths=(), uses=(Use("mounted", "/srv"),))
    assert (steps.content().summary.id, steps.content().stop) == ("storage.lun.busy", True)
    assert (steps.write().summary.id, steps.size().summary.id) == ("storage.lun.read_only", "storage.space.short")


def test_latency_is_judged() -> None:
    judged = [judge_latency(times, "x") for times in ([], [1, 2, 30], [30, 30, 31], [1, 1, 1500])]
    assert [found.severity for found in judged] == ["unknown", "ok", "warning", "warning"]
    assert judged[3].summary.id == "storage.latency.stall"


def test_the_user_of_qemu(tmp_path: Path) -> None:
    configuration = tmp_path / "qemu.conf"
    configuration.write_text('#user = "root"\nuser = "+65534"\ngroup = "+4"\n')
    user = read_qemu_user(configuration)
    assert (user.name, user.uid, user.gid) == ("nobody", 65534, 4)
    configuration.write_text('user = "nobody-such"\n')
    with pytest.raises(RhvError, match=r"storage\.no_qemu_user"):
        read_qemu_user(configuration)


def test_the_shell_says_what_the_library_found(folder: Path) -> None:
    def run(text: str, *more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cockpit_rhv.cli", "storage", "test", "-", *more]
        environment = {**os.environ, "PYTHONPATH": str(TREE / "bridge"), "LANG": "es_ES.UTF-8", "LC_ALL": "es_ES.UTF-8"}
        return subprocess.run(
            command, input=text, capture_output=True, text=True, env=environment, cwd="/", check=False
        )

    done = run(json.dumps({"type": "directory", "path": "/var/tmp/none-such"}), "--json")
    assert done.returncode == 2
    assert json.loads(done.stdout)["verdict"] == "error"
    done = run('{"type": "iscsi", "secret": "s3cret"')
    assert (done.returncode, "storage.not_json" in done.stderr) == (3, True)
    assert "s3cret" not in done.stderr
    assert run('{"type": "nfs", "server": "a b", "path": "/x"}').returncode == 3
