# SPDX-License-Identifier: Apache-2.0
"""iSCSI sessions of a test: which are ours, who uses their disks, and that udev activates nothing on them."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import Message
from cockpit_rhv.storage import left_sessions, made_sessions, testing, udev_rules
from cockpit_rhv.storage.active import ACTIVE
from cockpit_rhv.storage.document import Iscsi, Portal
from cockpit_rhv.storage.initiator import LeftSession, leads_to
from cockpit_rhv.storage.iscsi import IscsiTest
from cockpit_rhv.storage.made_sessions import Sessions
from cockpit_rhv.storage.programs import Cancelled, Done, Overdue, Programs
from cockpit_rhv.storage.session_users import Places, own_maps, users_of

TARGET = "iqn.2024-01.lab.wk:t1"
PORTAL = Portal("10.0.0.1", 3260)
OURS = LeftSession(7, TARGET)


class Recorded(Programs):
    """Programs that are only noted; ``code`` is what udevadm ends with."""

    def __init__(self, code: int = 0) -> None:
        super().__init__()
        self.code = code
        self.ran: list[str] = []

    def run(self, argv: Any, _limit_s: float, _stdin: str = "") -> Done:
        self.ran.append(" ".join(argv))
        return Done(self.code, "", "refused" if self.code else "")

    def uncancelled(self) -> Programs:
        return self


class Kernel:
    """Sessions, and what iscsiadm does with them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        self.there: list[LeftSession] = []
        self.portals: dict[int, Portal] = {}
        self.appears: list[tuple[LeftSession, Portal]] = []
        self.result: bool | Exception = True
        self.users: list[str] = []
        self.ended: list[int] = []
        self.rules = tmp_path / "rules.d"
        for module in (made_sessions, left_sessions):
            monkeypatch.setattr(module, "sessions", lambda: list(self.there))
            monkeypatch.setattr(module, "logout", self.logout)
            monkeypatch.setattr(module, "users_of", lambda _session: list(self.users))
        monkeypatch.setattr(made_sessions, "leads_to", lambda sid, portal: self.portals[sid] == portal)
        monkeypatch.setattr(made_sessions, "_IDLE_S", 0.0)
        monkeypatch.setattr(made_sessions, "Notes", lambda: left_sessions.Notes(tmp_path / "notes"))
        monkeypatch.setattr(made_sessions, "UdevRules", lambda: udev_rules.UdevRules(self.rules))

    def come(self) -> None:
        for session, portal in self.appears:
            self.there.append(session)
            self.portals[session.sid] = portal
        self.appears = []

    def login(self, _target: str, _portal: Portal) -> bool:
        if not isinstance(self.result, Overdue):
            self.come()
        if isinstance(self.result, Exception):
            raise self.result
        return self.result

    def logout(self, sid: int, _programs: Programs) -> str:
        self.ended.append(sid)
        self.there = [session for session in self.there if session.sid != sid]
        return ""


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Kernel:
    return Kernel(monkeypatch, tmp_path)


def login(sessions: Sessions, kernel: Kernel) -> bool:
    return sessions.login(kernel, PORTAL)  # type: ignore[arg-type]


def test_a_session_of_somebody_else_that_comes_meanwhile_is_not_ended(kernel: Kernel) -> None:
    kernel.appears = [
        (OURS, PORTAL),
        (LeftSession(8, TARGET), Portal("10.0.0.2", 3260)),
        (LeftSession(9, "t2"), PORTAL),
    ]
    sessions = Sessions(TARGET, Recorded())
    assert login(sessions, kernel)
    assert sessions.made == [OURS]
    assert sessions.end() == []
    assert kernel.ended == [7]


@pytest.mark.parametrize("result", [False, RhvError("storage.iscsi.auth", Message("t", "T."))])
def test_a_session_that_comes_while_our_login_fails_is_not_ours(kernel: Kernel, result: bool | Exception) -> None:
    kernel.result, kernel.appears = result, [(OURS, PORTAL)]
    sessions = Sessions(TARGET, Recorded())
    try:
        assert not login(sessions, kernel)
    except RhvError:
        assert result
    assert sessions.made == []


def test_two_sessions_of_which_one_is_ours_are_both_left_alone(kernel: Kernel) -> None:
    kernel.appears = [(OURS, PORTAL), (LeftSession(8, TARGET), PORTAL)]
    sessions = Sessions(TARGET, Recorded())
    assert login(sessions, kernel)
    assert sessions.end() == []
    assert kernel.ended == []


def test_a_login_that_was_broken_off_is_ended_when_it_comes_after_all(kernel: Kernel) -> None:
    kernel.result, kernel.appears = Overdue(["iscsiadm"], 1.0), [(OURS, PORTAL)]
    sessions = Sessions(TARGET, Recorded())
    with pytest.raises(Overdue):
        login(sessions, kernel)
    kernel.come()
    assert sessions.end() == []
    assert kernel.ended == [7]


def test_a_session_whose_disks_are_used_is_kept_with_its_rules(kernel: Kernel, tmp_path: Path) -> None:
    kernel.appears, kernel.users = [(OURS, PORTAL)], ["sdb: held by vg-root"]
    programs = Recorded()
    sessions = Sessions(TARGET, programs)
    login(sessions, kernel)
    sessions.disks(0)
    assert sessions.end() == ["session 7: sdb: held by vg-root"]
    assert kernel.ended == []
    assert len(list(kernel.rules.iterdir())) == 2
    assert [json.loads(note.read_text()) for note in (tmp_path / "notes").iterdir()] == [[[7, TARGET]]]
    kernel.users = []
    assert sessions.end() == []
    assert list(kernel.rules.iterdir()) == []
    assert list((tmp_path / "notes").iterdir()) == []


def test_a_session_that_was_kept_is_tried_again_by_the_next_test_of_the_same_process(
    kernel: Kernel, tmp_path: Path
) -> None:
    kernel.appears, kernel.users = [(OURS, PORTAL)], ["sdb: open in dd (5)"]
    sessions = Sessions(TARGET, Recorded())
    login(sessions, kernel)
    assert left_sessions.end_left_sessions(Recorded(), tmp_path / "notes") == ([], [])
    assert sessions.end()
    kernel.users = []
    assert left_sessions.end_left_sessions(Recorded(), tmp_path / "notes").sids == [7]


def test_one_session_that_cannot_be_looked_at_does_not_keep_the_others(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel.appears = [(OURS, PORTAL)]
    sessions = Sessions(TARGET, Recorded())
    login(sessions, kernel)
    kernel.appears = [(LeftSession(8, TARGET), PORTAL)]
    login(sessions, kernel)

    def users(session: LeftSession) -> list[str]:
        if session == OURS:
            raise PermissionError(13, "no", "/proc/1/fd")
        return []

    monkeypatch.setattr(made_sessions, "users_of", users)
    assert sessions.end() == ["session 7: [Errno 13] no: '/proc/1/fd'"]
    assert kernel.ended == [8]


def lun_step(kernel: Kernel, programs: Programs) -> tuple[IscsiTest, Any]:
    test = IscsiTest(Iscsi((PORTAL,), TARGET, 0, None), programs, None)
    login(test._sessions, kernel)
    return test, next(step for step in test.steps() if step.id == "lun")


def test_nothing_is_scanned_without_the_rules(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    kernel.appears = [(OURS, PORTAL)]
    scanned: list[str] = []
    monkeypatch.setattr(made_sessions, "session_host", lambda _sid: "host99")
    monkeypatch.setattr(Path, "write_text", recording(Path.write_text, scanned))
    monkeypatch.setattr(made_sessions, "_APPEAR_S", 0.0)
    test, step = lun_step(kernel, Recorded(1))
    report = iscsi_report(step)
    assert (report.severity, report.summary.id) == ("unknown", "storage.udev")
    assert scanned == []
    assert test.undo().severity == "ok"
    assert list(kernel.rules.iterdir()) == []


def test_the_rules_are_there_before_the_scan_and_gone_at_the_end(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel.there, kernel.appears = [LeftSession(3, TARGET)], [(OURS, PORTAL)]
    scanned: list[str] = []
    programs = Recorded()
    monkeypatch.setattr(made_sessions, "session_host", lambda sid: f"host9{sid}")
    monkeypatch.setattr(Path, "write_text", recording(Path.write_text, scanned, kernel.rules, programs))
    monkeypatch.setattr(made_sessions, "_APPEAR_S", 0.0)
    sessions = Sessions(TARGET, programs)
    login(sessions, kernel)
    sessions.disks(5)
    # Not in session 3, which is the host's own: the disk would stay there.
    assert scanned == ["/sys/class/scsi_host/host97/scan - - 5; 2 rules, 1 programs"]
    sessions.end()
    assert list(kernel.rules.iterdir()) == []
    assert programs.ran[-1] == "udevadm control --reload"


def recording(original: Any, scanned: list[str], rules: Path | None = None, programs: Any = None) -> Any:
    def write(path: Path, text: str, *more: Any, **named: Any) -> int:
        if not str(path).startswith("/sys/"):
            return int(original(path, text, *more, **named))
        there = len(list(rules.glob("*.rules"))) if rules else 0
        scanned.append(f"{path} {text}; {there} rules, {len(programs.ran) if programs else 0} programs")
        return len(text)

    return write


def iscsi_report(step: Any) -> Any:
    from cockpit_rhv.storage.steps import Report, run_steps

    return run_steps([step], Report({})).results[0].found


def test_a_session_of_the_host_is_not_scanned_and_that_is_said(kernel: Kernel) -> None:
    kernel.there, kernel.result = [OURS], False
    _test, step = lun_step(kernel, Programs())
    found = step.function()
    assert (found.severity, found.summary.id, found.stop) == ("unknown", "storage.iscsi.not_scanned", True)


def test_the_rules_name_our_sessions_alone() -> None:
    disks = udev_rules.disk_rules([7, 12])
    assert disks.splitlines() == [
        f'SUBSYSTEM=="block", KERNELS=="session{sid}", ENV{{DM_UDEV_DISABLE_OTHER_RULES_FLAG}}="1", '
        'ENV{SYSTEMD_READY}="0", ENV{UDISKS_IGNORE}="1"'
        for sid in (7, 12)
    ]


@pytest.mark.parametrize(
    ("paths", "ours"),
    [(["session7", "session12"], True), (["session7", "session3"], False), (["session71"], False), ([], False)],
)
def test_a_map_is_left_alone_only_when_all_its_ways_are_ours(tmp_path: Path, paths: list[str], ours: bool) -> None:
    rule = udev_rules.map_rules([7, 12])
    (tmp_path / "slaves").mkdir()
    for number, session in enumerate(paths):
        disk = tmp_path / "host2" / session / f"sd{number}"
        disk.mkdir(parents=True)
        (tmp_path / "slaves" / disk.name).symlink_to(disk)
    program = rule.partition("PROGRAM==\"/bin/sh -c '")[2].partition("'\"")[0]
    # What udev makes of it: $$ is $, %p the device's place in /sys.
    done = subprocess.run(["sh", "-c", program.replace("$$", "$").replace("/sys%p", str(tmp_path))], check=False)
    assert (done.returncode == 0) is ours


def test_stale_rules_go_and_those_of_a_session_that_goes_on_stay(tmp_path: Path) -> None:
    programs = Recorded()
    living = udev_rules.UdevRules(tmp_path)
    living.put([1], programs)
    for sid in (2, 3):
        (tmp_path / f"00-cockpit-rhv-storage-test-99999999{sid}-5-a.rules").write_text(udev_rules.disk_rules([sid]))
    udev_rules.remove_stale(programs, [1, 3], tmp_path)
    assert sorted(int(path.read_text().count("session3")) for path in tmp_path.iterdir()) == [0, 0, 1]
    living.remove(programs)
    assert len(list(tmp_path.iterdir())) == 1


def test_a_left_session_is_ended_only_as_it_was_noted_and_unused(kernel: Kernel, tmp_path: Path) -> None:
    kernel.there = [LeftSession(2, TARGET), LeftSession(3, "somebody")]
    note = tmp_path / "999999999-5-a"
    note.write_text(json.dumps([[2, TARGET], [3, TARGET]]))
    kernel.users = ["sdb: mounted at /srv"]
    ended = left_sessions.end_left_sessions(Recorded(), tmp_path)
    assert ended == ([], [f"session 2 {TARGET}: sdb: mounted at /srv"])
    assert not note.exists()
    note.write_text(json.dumps([[2, TARGET], [3, TARGET]]))
    kernel.users = []
    assert left_sessions.end_left_sessions(Recorded(), tmp_path).sids == [2]
    assert kernel.ended == [2]


@pytest.fixture
def places(tmp_path: Path) -> Places:
    """Session 7 with the disk sdb, which has one partition; nobody uses it."""
    found = Places(tmp_path / "sys", tmp_path / "proc", tmp_path / "pools")
    session = found.sys / "devices/platform/host4/session7"
    link(found.sys / "class/iscsi_session/session7/device", session)
    link(found.sys / "class/scsi_device/4:0:0:1/device/block/sdb", session / "sdb")
    link(found.sys / "class/block/sdb", session / "sdb")
    link(found.sys / "class/block/sdb1", session / "sdb/sdb1")
    (session / "sdb/dev").write_text("8:16\n")
    (session / "sdb/sdb1/dev").write_text("8:17\n")
    (session / "sdb/sdb1/partition").write_text("1\n")
    for pid, name in ((1, "systemd"), (20, "qemu-kvm")):
        process = found.proc / str(pid)
        (process / "fd").mkdir(parents=True)
        (process / "ns").mkdir()
        (process / "ns/mnt").symlink_to(f"mnt:[{pid}]")
        (process / "comm").write_text(f"{name}\n")
        (process / "mountinfo").write_text("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n")
    (found.proc / "swaps").write_text("Filename Type Size Used Priority\n")
    found.pools.mkdir()
    assert users_of(OURS, found) == []
    return found


def link(path: Path, to: Path) -> None:
    to.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(to)


def mapped(places: Places, uuid: str, *slaves: str) -> None:
    """dm-3 over the partition of sdb or over sdb and other disks."""
    for name in slaves:
        link(places.sys / f"class/block/{name}/holders/dm-3", places.sys / "class/block/dm-3")
        link(places.sys / f"class/block/dm-3/slaves/{name}", places.sys / f"class/block/{name}")
    folder = places.sys / "class/block/dm-3"
    (folder / "dm").mkdir(parents=True)
    (folder / "dm/uuid").write_text(f"{uuid}\n")
    (folder / "dm/name").write_text("vg-root\n")
    (folder / "dev").write_text("253:3\n")


def test_a_volume_group_on_a_partition_is_a_use(places: Places) -> None:
    mapped(places, "LVM-abc", "sdb1")
    assert users_of(OURS, places) == ["sdb1: held by vg-root"]


def test_a_map_of_ours_is_no_use_but_what_lies_on_it_is(places: Places) -> None:
    mapped(places, "mpath-3600", "sdb")
    assert own_maps(["sdb"], places.sys) == ["dm-3"]
    assert users_of(OURS, places) == []
    (places.sys / "class/block/md127").mkdir()
    link(places.sys / "class/block/dm-3/holders/md127", places.sys / "class/block/md127")
    assert users_of(OURS, places) == ["dm-3: held by md127"]


def test_a_map_that_has_other_ways_is_neither_ours_nor_a_use(places: Places) -> None:
    mapped(places, "mpath-3600", "sdb", "sdc")
    assert own_maps(["sdb"], places.sys) == []
    assert users_of(OURS, places) == []


def test_mounts_in_any_namespace_are_a_use(places: Places) -> None:
    (places.proc / "20/mountinfo").write_text("30 1 8:17 / /srv/a rw shared:1 - ext4 /dev/nowhere rw\n")
    assert users_of(OURS, places) == ["sdb1: mounted at /srv/a"]


def test_a_pool_of_libvirt_is_a_use(places: Places) -> None:
    (places.pools / "vms.xml").write_text(f"<pool><source><device path='{TARGET}0'/></source></pool>")
    assert users_of(OURS, places) == []
    (places.pools / "vms.xml").write_text(f"<pool><source><device path='{TARGET}'/></source></pool>")
    assert users_of(OURS, places) == ["pool vms of libvirt"]


def test_a_guest_that_has_the_disk_open_is_a_use_and_multipathd_is_not(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cockpit_rhv.storage import session_users

    (places.proc / "20/fd/11").symlink_to("/dev/sdb")
    monkeypatch.setattr(session_users, "_number", lambda path: "8:16" if path.endswith("fd/11") else "")
    assert users_of(OURS, places) == ["sdb: open in qemu-kvm (20)"]
    (places.proc / "20/comm").write_text("multipathd\n")
    assert users_of(OURS, places) == []


def test_the_portal_of_a_session(tmp_path: Path) -> None:
    folder = tmp_path / "class/iscsi_connection/connection7:0"
    folder.mkdir(parents=True)
    (folder / "persistent_address").write_text("fd00:0::1\n")
    (folder / "persistent_port").write_text("3260\n")
    answers = [leads_to(7, Portal(host, port), tmp_path) for host, port in (("fd00::1", 3260), ("fd00::1", 3261))]
    assert answers == [True, False]
    assert not leads_to(7, Portal("fd00::2", 3260), tmp_path)
    assert leads_to(7, Portal("storage.lab", 3260), tmp_path)


def test_finding_luns_is_cancelled_with_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    began = threading.Event()

    def hang(programs: Programs) -> list[Any]:
        began.set()
        assert programs.cancel.wait(60)
        raise Cancelled

    monkeypatch.setattr(testing, "read_luns", hang)
    raised: list[str] = []

    def ask() -> None:
        with pytest.raises(RhvError) as caught:
            testing.list_luns(None, None)
        raised.append(caught.value.code)

    thread = threading.Thread(target=ask)
    thread.start()
    assert began.wait(60)
    assert ACTIVE.busy
    ACTIVE.cancel()
    thread.join(10)
    assert raised == ["storage.cancelled"]
    assert not ACTIVE.busy
