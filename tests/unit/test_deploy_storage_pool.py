# SPDX-License-Identifier: Apache-2.0
"""The pool of an engine's shared storage: what libvirt is told, and what becomes of it, on libvirt's test driver."""

from __future__ import annotations

import socket
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import libvirt
import pytest
from cockpit_rhv.deploy import places
from cockpit_rhv.deploy import storage as storage_module
from cockpit_rhv.deploy import storage_pool as storage_pool_module
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.deploy.storage import mount_storage, prepare_storage
from cockpit_rhv.deploy.storage_pool import nfs_pool, start_storage
from cockpit_rhv.deploy.vm import libvirt_errors
from cockpit_rhv.errors import RhvError
from cockpit_rhv.storage.nfs import refuse_silent
from cockpit_rhv.storage.programs import Programs
from cockpit_rhv.storage.reach import Answer

from tests.libvirt_error import libvirt_error
from tests.own_driver import own_test_driver
from tests.unit import deploy_support as world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

POOL = "rhv-HostedEngine"


class Host:
    """``real``: a libvirt of its own; ``folder``: where the state lies."""

    def __init__(self, real: libvirt.virConnect, folder: Path) -> None:
        self.real, self.folder = real, folder
        self.deployment = Deployment.open(world.JOB)

    def pool(self) -> libvirt.virStoragePool:
        return self.real.storagePoolLookupByName(POOL)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path / "state"))
    real = libvirt.open(own_test_driver(tmp_path))

    @contextmanager
    def here() -> Iterator[libvirt.virConnect]:
        with libvirt_errors():
            yield real

    monkeypatch.setattr(storage_module, "connected", here)
    monkeypatch.setattr(storage_pool_module, "refuse_silent", lambda *_: None)
    # libvirt's lock manager has tests of its own.
    monkeypatch.setattr("cockpit_rhv.deploy.lease.turn_on", lambda *_: False)
    # The test driver mounts nothing.
    monkeypatch.setattr("os.path.ismount", lambda path: True)
    yield Host(real, tmp_path)
    real.close()


def nfs(**changes: Any) -> dict[str, Any]:
    """Complete answers for an export."""
    given = {"kind": "nfs", "server": "nas.example.com", "export": "/srv/rhv", "nfs_version": "4.2", **changes}
    return world.changed(world.answers(), {f"storage.{name}": value for name, value in given.items()})


def test_the_definition_is_a_tree_and_takes_every_answer(host: Host) -> None:
    root = ET.fromstring(nfs_pool(POOL, nfs(mount_options="hard,nconnect=4")))
    assert root.get("type") == "netfs"
    attributes = {path: root.find(path).attrib for path in ("source/host", "source/dir", "source/protocol")}  # type: ignore[union-attr]
    assert attributes == {
        "source/host": {"name": "nas.example.com"},
        "source/dir": {"path": "/srv/rhv"},
        "source/protocol": {"ver": "4.2"},
    }
    assert root.findtext("target/path") == str(places.storage_folder(nfs()))
    options = [one.get("name") for one in root.iter("{http://libvirt.org/schemas/storagepool/fs/1.0}option")]
    assert options == ["retry=0", "hard", "nconnect=4"]
    literal = ET.fromstring(nfs_pool(POOL, nfs(server="2001:db8::5")))
    assert literal.find("source/host[@name='[2001:db8::5]']") is not None, "libvirt puts a colon and the path behind it"
    automatic = ET.fromstring(nfs_pool(POOL, nfs(nfs_version="auto")))
    assert automatic.find("source/protocol") is None, "the newest that both sides have"


def test_it_is_mounted_now_and_with_every_start(host: Host) -> None:
    assert prepare_storage(host.deployment, nfs())
    pool = host.pool()
    assert (pool.isActive(), pool.autostart()) == (1, 1)
    assert ["pool", POOL] in (host.deployment.record.made or [])
    assert places.storage_folder(nfs()).is_dir()


def test_qemus_user_gets_in_whatever_the_umask_was(host: Host) -> None:
    (host.folder / "state").mkdir(exist_ok=True)
    (host.folder / "state").chmod(0o700)
    prepare_storage(host.deployment, nfs())
    passed = [folder for folder in places.storage_folder(nfs()).parents if host.folder in folder.parents]
    assert passed
    assert all(folder.stat().st_mode & 0o001 for folder in [*passed, places.storage_folder(nfs())])


def test_after_a_reboot_it_is_mounted_again_before_anything_is_written(host: Host) -> None:
    prepare_storage(host.deployment, nfs())
    host.pool().destroy()
    assert mount_storage(nfs())
    assert host.pool().isActive()
    assert not mount_storage(nfs())


def test_other_answers_make_another_definition(host: Host) -> None:
    prepare_storage(host.deployment, nfs())
    assert prepare_storage(host.deployment, nfs(server="other.example.com", mount_options="soft"))
    assert "other.example.com" in host.pool().XMLDesc()
    assert host.pool().isActive()


def test_a_pool_of_that_name_which_is_not_ours_is_left_alone(host: Host) -> None:
    theirs = f"<pool type='dir'><name>{POOL}</name><target><path>/srv/theirs</path></target></pool>"
    before = host.real.storagePoolDefineXML(theirs).XMLDesc()
    with pytest.raises(RhvError) as caught:
        prepare_storage(host.deployment, nfs())
    assert caught.value.code == "storage.foreign_pool"
    assert host.pool().XMLDesc() == before


def test_each_export_has_a_folder_of_its_own(host: Host) -> None:
    """What is ours by its path on one export must not be taken for ours on another: it is another host's engine."""
    one, other = places.storage_folder(nfs()), places.storage_folder(nfs(export="/srv/other"))
    assert one != other
    assert one.parent == other.parent == host.folder / "state/storage"


def test_a_pool_of_our_name_that_is_mounted_elsewhere_is_not_ours(host: Host) -> None:
    host.deployment.note("pool", POOL)  # noted, but its definition failed; an administrator's has the name now
    theirs = f"<pool type='dir'><name>{POOL}</name><target><path>/srv/theirs</path></target></pool>"
    host.real.storagePoolDefineXML(theirs)
    with pytest.raises(RhvError) as caught:
        prepare_storage(host.deployment, nfs())
    assert caught.value.code == "storage.foreign_pool"


def test_what_was_unmounted_behind_libvirts_back_is_mounted_again(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare_storage(host.deployment, nfs())
    monkeypatch.setattr("os.path.ismount", lambda path: False)
    assert mount_storage(nfs()), "else the disk would be written to this host's own file system"


def test_a_pool_that_was_removed_meanwhile_is_told(host: Host) -> None:
    with pytest.raises(RhvError) as caught:
        start_storage(host.real, nfs())
    assert caught.value.code == "storage.gone"


def test_a_silent_server_is_told_before_libvirt_waits_for_it(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """libvirt would be in the mount for minutes, and its silence be taken for a fault of its own."""
    prepare_storage(host.deployment, nfs())
    host.pool().destroy()
    monkeypatch.setattr(storage_pool_module, "refuse_silent", refuse_silent)
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # and does not listen
        port = closed.getsockname()[1]
        with pytest.raises(RhvError) as caught:
            mount_storage(nfs(server="127.0.0.1", mount_options=f"hard,port={port}"))
    assert caught.value.code == "storage.silent"
    assert str(caught.value.message) == f"Nothing answers at 127.0.0.1 port {port}."
    assert not host.pool().isActive()


@pytest.mark.parametrize(
    ("version", "options", "ports"),
    [
        ("auto", [], [2049]),
        ("3", [], [2049, 111]),
        ("4.2", ["port=2050"], [2050]),
        ("auto", ["port=0"], [2049, 111]),
        ("auto", ["proto=rdma", "port=20049"], []),
        ("3", ["udp"], []),
    ],
)
def test_what_is_asked_is_what_the_mount_asks(
    monkeypatch: pytest.MonkeyPatch, version: str, options: list[str], ports: list[int]
) -> None:
    asked: list[int] = []
    monkeypatch.setattr("cockpit_rhv.storage.reach.addresses", lambda *_: ["127.0.0.1"])

    def answer(address: str, port: int) -> Answer:
        asked.append(port)
        return Answer(address, port, 1.0, None)

    monkeypatch.setattr("cockpit_rhv.storage.reach.connect", answer)
    refuse_silent("nas.example.com", version, options, Programs())
    assert sorted(asked) == sorted(ports)


def test_a_server_without_a_name_is_told(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit_rhv.storage.reach.addresses", lambda *_: [])
    with pytest.raises(RhvError) as caught:
        refuse_silent("nas.example.com", "auto", [], Programs())
    assert (caught.value.code, caught.value.message.id) == ("storage.silent", "storage.name.unknown")


def test_a_directory_needs_none(host: Host) -> None:
    answers = world.changed(world.answers(), {"storage.path": str(host.folder / "images")})
    before = len(host.real.listAllStoragePools())
    assert prepare_storage(host.deployment, answers)
    assert not mount_storage(answers)
    assert not start_storage(host.real, answers)
    assert len(host.real.listAllStoragePools()) == before


def test_a_server_that_refuses_is_named(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def __getattr__(self, name: str) -> Any:
            return {"name": lambda: POOL, "isActive": lambda: 0, "create": self.refuse}[name]

        def refuse(self) -> None:
            raise libvirt_error("mount.nfs: access denied by server")

    class Connection:
        def listAllStoragePools(self) -> list[Refusing]:
            return [Refusing()]

    with pytest.raises(RhvError) as caught:
        start_storage(Connection(), nfs())
    assert caught.value.code == "storage.not_mounted"
    assert str(caught.value.message) == "/srv/rhv of nas.example.com could not be mounted."
    assert "access denied" in (caught.value.detail or "")
