# SPDX-License-Identifier: Apache-2.0
"""Actions on the guests of libvirt's test driver, and opening it with little access."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Callable

import libvirt
import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines import actions, opening
from cockpit_rhv.machines.once import Once
from cockpit_rhv.machines.reading import list_machines, read_machine, read_machines
from cockpit_rhv.rpc.schema import RpcSchema

from tests.libvirt_error import libvirt_error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NODE = "<node><cpu><mhz>1000</mhz><model>i686</model><active>2</active></cpu><memory>1048576</memory></node>"
GUEST = """
<domain type='test'><name>{name}</name><metadata>{metadata}</metadata><memory>65536</memory>
<os><type>hvm</type></os></domain>
"""
OVIRT = "<o:vm xmlns:o='http://ovirt.org/vm/1.0'/>"
ENGINE = "<e:engine xmlns:e='https://cockpit-rhv.org/engine/1'/>"
ACTIONS = RpcSchema().method_params("machines.act")["properties"]["action"]["enum"]
NO_GUEST = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def uri(tmp_path: Path) -> str:
    """A test driver of this test's own, without a guest."""
    (tmp_path / "node.xml").write_text(NODE)
    return f"test://{tmp_path}/node.xml"


@pytest.fixture
def conn(uri: str) -> Iterator[Any]:
    opened = opening.open_libvirt(uri, writable=True)
    assert opened.access == "read-write"
    yield opened.conn
    opened.conn.close()


@pytest.fixture
def uuid(conn: Any) -> str:
    return define(conn, "one")


def define(conn: Any, name: str, metadata: str = "") -> str:
    return str(conn.defineXML(GUEST.format(name=name, metadata=metadata)).UUIDString())


def state(conn: Any, uuid: str) -> str:
    machine = read_machine(conn, uuid)
    assert machine is not None
    return machine.state


def code(function: Callable[..., object], *args: object) -> str:
    """Code of the error that the call raises."""
    with pytest.raises(RhvError) as caught:
        function(*args)
    return caught.value.code


def test_a_guest_is_defined_runs_and_is_forgotten(conn: Any, uuid: str) -> None:
    assert {at: one.name for at, one in list_machines(conn).items()} == {uuid: "one"}
    assert state(conn, uuid) == "shut_off"
    actions.start(conn, uuid)
    actions.start(conn, uuid)
    assert state(conn, uuid) == "running"
    actions.shutdown(conn, uuid)
    actions.shutdown(conn, uuid)
    assert state(conn, uuid) == "shut_off"
    actions.start(conn, uuid)
    actions.power_off(conn, uuid)
    actions.power_off(conn, uuid)
    assert state(conn, uuid) == "shut_off"
    conn.lookupByUUIDString(uuid).undefine()
    assert read_machine(conn, uuid) is None


def test_what_is_read_of_many_is_what_is_read_of_each(conn: Any, uuid: str) -> None:
    actions.start(conn, uuid)
    actions.pause(conn, uuid)
    conn.lookupByUUIDString(define(conn, "two")).setAutostart(True)
    transient = conn.createXML(GUEST.format(name="three", metadata=""))
    listed = list_machines(conn)
    read = read_machines(conn, list(listed.values()))
    assert len(read) == 3
    assert read == {each: read_machine(conn, each) for each in listed}
    transient.destroy()
    assert read_machines(conn, list(listed.values()))[transient.UUIDString()] is None


@pytest.mark.parametrize("missing", [NO_GUEST, "", "one", "\x00"])
def test_every_action_says_that_a_guest_does_not_exist(conn: Any, missing: str) -> None:
    assert code(actions.require_own, conn, missing) == "machine.not_found"
    for name in ACTIONS:
        assert code(getattr(actions, name), conn, missing) == "machine.not_found"


def test_a_guest_is_paused_and_goes_on(conn: Any, uuid: str) -> None:
    actions.start(conn, uuid)
    actions.pause(conn, uuid)
    actions.pause(conn, uuid)
    assert state(conn, uuid) == "paused"
    actions.resume(conn, uuid)
    actions.resume(conn, uuid)
    assert state(conn, uuid) == "running"


def test_a_guest_that_sleeps_is_woken() -> None:
    """The test driver's guests do not sleep."""
    woken = []

    class Sleeping:
        def state(self) -> list[int]:
            return [libvirt.VIR_DOMAIN_PMSUSPENDED, 0]

        def pMWakeup(self) -> None:
            woken.append(True)

    class Conn:
        def lookupByUUIDString(self, _uuid: str) -> Sleeping:
            return Sleeping()

    actions.resume(Conn(), NO_GUEST)
    assert woken


def test_a_guest_starts_anew(conn: Any, uuid: str) -> None:
    for action in (actions.reboot, actions.reset, actions.nmi):
        assert code(action, conn, uuid) == "machine.wrong_state"
    actions.start(conn, uuid)
    actions.reboot(conn, uuid)
    actions.reset(conn, uuid)
    actions.nmi(conn, uuid)
    assert state(conn, uuid) == "running"


def test_a_saved_guest_goes_on_at_its_start(conn: Any, uuid: str) -> None:
    actions.save(conn, uuid)
    assert not conn.lookupByUUIDString(uuid).hasManagedSaveImage()  # it was off: there is nothing to save
    actions.start(conn, uuid)
    actions.save(conn, uuid)
    machine = read_machine(conn, uuid)
    assert machine is not None
    assert (machine.state, machine.reason) == ("shut_off", "saved")
    actions.start(conn, uuid)
    assert not conn.lookupByUUIDString(uuid).hasManagedSaveImage()


@pytest.mark.parametrize(
    ("after", "kept", "said"),
    [
        (libvirt.VIR_DOMAIN_RUNNING, False, "machine.not_saved"),
        (libvirt.VIR_DOMAIN_SHUTOFF, False, "machine.failed"),
        (libvirt.VIR_DOMAIN_SHUTOFF, True, None),
    ],
)
def test_a_guest_that_ends_while_it_is_saved_is_not_told_as_saved(after: int, kept: bool, said: str | None) -> None:
    """``after``: its state when saving has failed. ``kept``: whether somebody else saved it."""

    class Ending:
        now = libvirt.VIR_DOMAIN_RUNNING

        def state(self) -> list[int]:
            return [self.now, 0]

        def managedSave(self) -> None:
            self.now = after
            raise libvirt_error("it failed", libvirt.VIR_ERR_OPERATION_FAILED)

        def hasManagedSaveImage(self) -> bool:
            return kept

        def maxMemory(self) -> int:
            return 1024

    class Conn:
        def lookupByUUIDString(self, _uuid: str) -> Ending:
            return Ending()

    if said is None:
        actions.save(Conn(), NO_GUEST)
    else:
        assert code(actions.save, Conn(), NO_GUEST) == said


def test_a_guest_starts_with_the_host_or_not(conn: Any, uuid: str) -> None:
    for action, expected in ((actions.autostart_on, True), (actions.autostart_off, False)):
        action(conn, uuid)
        machine = read_machine(conn, uuid)
        assert machine is not None
        assert machine.autostart is expected


def test_libvirts_own_errors_are_mapped_on_the_way(conn: Any, capfd: pytest.CaptureFixture[str]) -> None:
    def define_nonsense() -> None:
        with actions.mapped():
            conn.defineXML("<domain")

    assert code(define_nonsense) == "machine.bad_xml"
    assert capfd.readouterr().err == ""  # libvirt prints errors besides, unless told not to


def test_a_guest_of_a_manager_is_not_ours_to_change(conn: Any, uuid: str) -> None:
    actions.require_own(conn, uuid)
    theirs = define(conn, "two", OVIRT)
    assert code(actions.require_own, conn, theirs) == "machine.managed"


@pytest.mark.parametrize("name", ACTIONS)
def test_no_action_of_the_list_touches_what_is_not_local(conn: Any, name: str) -> None:
    for guest, metadata, expected in (("two", OVIRT, "machine.managed"), ("three", ENGINE, "machine.engine")):
        theirs = define(conn, guest, metadata)
        before = conn.lookupByUUIDString(theirs).state()
        assert code(actions.act_on_local, conn, theirs, Once(name, math.inf)) == expected
        assert conn.lookupByUUIDString(theirs).state() == before


def test_the_engine_is_started_on_its_own_page(conn: Any) -> None:
    engine = define(conn, "three", ENGINE)
    actions.act_on_own(conn, engine, Once("start", math.inf))
    assert state(conn, engine) == "running"
    started = Once("start", math.inf)
    assert code(actions.act_on_own, conn, define(conn, "two", OVIRT), started) == "machine.managed"


def test_without_the_right_to_write_everything_is_read_only() -> None:
    opened = opening.open_libvirt("test:///default", writable=False)
    assert opened.access == "read-only"
    (uuid,) = list_machines(opened.conn)
    assert code(actions.power_off, opened.conn, uuid) == "libvirt.denied"
    assert state(opened.conn, uuid) == "running"
    opened.conn.close()


def refuse(number: int) -> Callable[[str], Any]:
    """A ``libvirt.open`` that fails with this error."""

    def fail(_uri: str) -> Any:
        raise libvirt_error("refused", number, libvirt.VIR_FROM_RPC)

    return fail


def test_where_writing_asks_for_a_password_reading_does_not(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libvirt, "open", refuse(libvirt.VIR_ERR_AUTH_FAILED))
    opened = opening.open_libvirt(uri, writable=True)
    assert opened.access == "read-only"
    assert opening.VDSM_USER in str(opened.refusal)
    opened.conn.close()


def test_a_password_that_libvirt_refuses_is_named_by_its_file_alone(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "libvirt_password"
    file.write_text("an old password\n")
    monkeypatch.setattr(opening, "VDSM_PASSWORD", file)
    monkeypatch.setattr(libvirt, "open", refuse(libvirt.VIR_ERR_AUTH_FAILED))
    monkeypatch.setattr(libvirt, "openAuth", lambda uri, *_: refuse(libvirt.VIR_ERR_AUTH_FAILED)(uri))
    opened = opening.open_libvirt(uri, writable=True)
    assert (opened.access, opened.user) == ("read-only", None)
    assert str(file) in str(opened.refusal)
    assert "an old password" not in f"{opened.refusal}{caplog.text}"
    opened.conn.close()


def test_of_a_password_that_is_no_text_nothing_is_told(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "libvirt_password"
    file.write_bytes(b"an \xff password\n")
    monkeypatch.setattr(opening, "VDSM_PASSWORD", file)
    monkeypatch.setattr(libvirt, "open", refuse(libvirt.VIR_ERR_AUTH_FAILED))
    caplog.set_level("INFO")
    opened = opening.open_libvirt(uri, writable=True)
    assert opened.access == "read-only"
    assert str(file) in str(opened.refusal)
    assert "0xff" not in f"{opened.refusal}{caplog.text}"
    opened.conn.close()


def test_another_failure_is_no_reason_to_read_only(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libvirt, "open", refuse(libvirt.VIR_ERR_SYSTEM_ERROR))
    assert code(opening.open_libvirt, uri, True) == "libvirt.unreachable"


def test_a_host_without_the_daemon_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libvirt, "open", refuse(libvirt.VIR_ERR_SYSTEM_ERROR))
    monkeypatch.setattr(opening, "_daemon_installed", lambda: False)
    assert code(opening.open_libvirt, opening.DEFAULT_URI, True) == "libvirt.absent"
    assert code(opening.open_libvirt, "qemu+ssh://elsewhere/system", True) == "libvirt.unreachable"
