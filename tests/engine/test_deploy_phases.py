# SPDX-License-Identifier: Apache-2.0
"""The deployment's phases *engine*, *host* and *finish* against a real Manager and a real agent on loopback.

libvirt and systemd are stood in for: this machine has neither. The whole road with both is in tests/host.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.deploy import domain_xml, engine_wait, finish, places, register
from cockpit_rhv.deploy.config import read_engine_config
from cockpit_rhv.deploy.drive import build_drive, drive_files
from cockpit_rhv.deploy.engine_wait import EngineWait
from cockpit_rhv.deploy.first_contact import FirstContact
from cockpit_rhv.deploy.manager import Manager
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.deploy.secrets import hash_admin_password
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.errors import RhvError

from tests.engine.manager_support import ROOT, ManagerProcess, free_port
from tests.unit import deploy_support as world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

libvirt = pytest.importorskip("libvirt")

ADDRESS = "127.0.0.2"
SILENT = ProgressFile(None)


class FakeDomain:
    """The engine VM: its XML, whether it runs, and what is detached from it."""

    def __init__(self, xml: str) -> None:
        self.live, self.stored = ET.fromstring(xml), ET.fromstring(xml)
        self.started_with_host = False
        self.number = 1
        self.detached: list[int] = []
        self.starts: list[int] = []
        self.number_after_start = 1

    def name(self) -> str:
        return self.stored.findtext("name", "")

    def UUIDString(self) -> str:
        return self.stored.findtext("uuid", "")

    def state(self) -> tuple[int, int]:
        return self.number, 0

    def isActive(self) -> bool:
        return self.number in (1, 6)  # one whose kernel has panicked keeps its QEMU process

    def destroy(self) -> None:
        assert self.isActive()
        self.number = 5

    def setLifecycleAction(self, event: int, action: int, flags: int) -> None:
        assert (event, action) == (libvirt.VIR_DOMAIN_LIFECYCLE_CRASH, libvirt.VIR_DOMAIN_LIFECYCLE_ACTION_RESTART)
        document = self.stored if flags == libvirt.VIR_DOMAIN_AFFECT_CONFIG else self.live
        crash = document.find("on_crash")
        assert crash is not None
        crash.text = "restart"

    def create(self) -> None:
        self.starts.append(self.number)
        self.number = self.number_after_start

    def autostart(self) -> bool:
        return self.started_with_host

    def setAutostart(self, wanted: int) -> None:
        self.started_with_host = bool(wanted)

    def XMLDesc(self, flags: int = 0) -> str:
        return ET.tostring(self.stored if flags & libvirt.VIR_DOMAIN_XML_INACTIVE else self.live, encoding="unicode")

    def detachDeviceFlags(self, xml: str, flags: int) -> None:
        self.detached.append(flags)
        wanted = ET.fromstring(xml).find("target")
        assert wanted is not None
        devices = (self.stored if flags == libvirt.VIR_DOMAIN_AFFECT_CONFIG else self.live).find("devices")
        assert devices is not None
        for disk in devices.findall("disk"):
            target = disk.find("target")
            if target is not None and target.get("dev") == wanted.get("dev"):
                devices.remove(disk)


class Road:
    """One deployment on its way, up to the point where the engine VM runs."""

    def __init__(self, folder: Path) -> None:
        images = folder / "images"
        images.mkdir()
        self.deployment = Deployment.open(world.JOB)
        self.agent_port = free_port()
        self.answers = world.changed(
            world.answers(storage=images),
            {"engine.fqdn": "engine.example.test", "host": {"name": "host1.example.test", "address": ADDRESS}},
        )
        self.drive = images / "HostedEngine-cidata.iso"
        files = drive_files(self.deployment, self.answers, hash_admin_password("a good password"), None)
        build_drive(self.drive, files)
        self.deployment.update(
            name="HostedEngine", drive=str(self.drive), disk=str(images / "HostedEngine.qcow2"), started=True
        )
        record = self.deployment.record
        plan = domain_xml.Plan(record.uuid, record.mac, record.job, record.disk, record.drive, kvm=False)
        self.domain = FakeDomain(domain_xml.engine_domain(self.answers, plan))
        self.manager = ManagerProcess(folder / "manager")
        (self.manager.folder / "engine.json").write_text(files["rhv-engine.json"])

    def reopen(self) -> None:
        """What a resumed job does."""
        self.deployment = Deployment.open(world.JOB)

    def wait(self, **options: Any) -> bool:
        options.setdefault("limit_s", 60)
        return EngineWait(self.deployment, self.answers, SILENT, port=self.manager.port, **options).run()

    def client(self) -> Manager:
        ca = self.deployment.ca_file.read_text("ascii")
        return Manager("127.0.0.1", "engine.example.test", ca, self.manager.port)

    def register(self) -> bool:
        return register.register_host(self.deployment, self.answers, SILENT, self.client())

    def finish(self) -> tuple[bool, list[Any]]:
        return finish.finish(self.deployment, self.answers, SILENT, manager=self.client())


@pytest.fixture
def road(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Road]:
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path / "var"))
    monkeypatch.setenv("COCKPIT_RHV_ETC", str(tmp_path / "etc"))
    road = Road(tmp_path)
    road.manager.start()
    said = json.loads(road.manager.first_contact.read_text().splitlines()[-1])
    # The Manager of this test listens on loopback only, which no real engine announces.
    contact = FirstContact(said["ca_sha256"], said["fqdn"], ("127.0.0.1",), said["engine_version"])
    monkeypatch.setattr(engine_wait, "read_last", lambda _path: contact)

    @contextmanager
    def connected(_uri: str) -> Iterator[Any]:
        class Connection:
            """Has the one domain; the bridge of these answers is none of libvirt's networks."""

            def listAllDomains(self) -> list[Any]:
                return [road.domain]

        yield Connection()

    monkeypatch.setattr(places, "first_contact_file", lambda _name: tmp_path / "contact")
    for module in (engine_wait, finish):
        monkeypatch.setattr(module, "connected", connected)
    monkeypatch.setattr(finish, "resolve_name", lambda _name: [])
    monkeypatch.setattr(register, "PORT", road.agent_port)
    agents: list[subprocess.Popen[bytes]] = []

    def start_agent(_deployment: Deployment, restart: bool) -> bool:
        """As systemd would: one agent, started anew when told to."""
        if agents and not restart:
            return False
        for old in agents:
            old.terminate()
            old.wait(30)
        argv = [
            sys.executable, "-m", "cockpit_rhv.agent", "--config", str(places.config_dir()),
            "--bind", road.answers["host"]["address"], "--port", str(road.agent_port),
            "--libvirt-uri", "test:///default", "--state", str(tmp_path / "agent.json"),
        ]  # fmt: skip
        agents[:] = [subprocess.Popen(argv, env={**os.environ, "PYTHONPATH": str(ROOT / "bridge")})]
        return True

    monkeypatch.setattr(register, "start_agent", start_agent)
    yield road
    for agent in agents:
        agent.terminate()
        agent.wait(30)
    assert road.manager.stop() == 0
    assert "Traceback" not in road.manager.log()


def test_from_a_running_vm_to_a_deployed_engine_and_once_more(road: Road) -> None:
    token, key = road.deployment.token(), road.deployment.job_key()
    assert road.wait()
    record = road.deployment.record
    assert (record.address, record.engine_version) == ("127.0.0.1", "0.1.0")
    assert road.register()
    assert road.client().host_status(road.client().bearer(key), road.deployment.record.host_id) == "up"
    changed, warnings = road.finish()
    assert (changed, warnings) == (True, [])

    config = read_engine_config()
    assert config is not None
    assert (config.job, config.fqdn, config.host_name) == (world.JOB, "engine.example.test", "host1.example.test")
    assert config.url == "https://127.0.0.1/ovirt-engine/", "the name leads nowhere, so the link has the address"
    assert not road.drive.exists()
    assert road.domain.started_with_host
    assert road.domain.detached == [libvirt.VIR_DOMAIN_AFFECT_CONFIG, libvirt.VIR_DOMAIN_AFFECT_LIVE]
    left = b"".join(path.read_bytes() for path in places.state_dir().iterdir())
    assert token.encode() not in left
    assert b"PRIVATE" not in left
    with pytest.raises(RhvError) as caught:
        road.client().bearer(key)
    assert caught.value.code == "manager.refused", "the Manager has forgotten the key"

    road.reopen()
    assert not road.wait()
    assert not road.register()
    assert road.finish() == (False, [])
    assert road.deployment.record.finished


def test_an_attempt_that_lost_the_certificate_goes_on_without_the_token(road: Road) -> None:
    road.wait()
    token, pki = road.deployment.token(), places.pki_dir()
    road.register()
    key = (pki / "agent.key").read_bytes()
    (pki / "agent.pem").unlink()
    road.reopen()
    assert road.deployment.token() == token
    assert road.register(), "the token is used up, the job's own key serves"
    assert (pki / "agent.key").read_bytes() == key


def test_a_second_registration_adds_no_second_host(road: Road) -> None:
    road.wait()
    road.register()
    first = road.deployment.record.host_id
    road.reopen()
    assert not road.register()
    assert road.deployment.record.host_id == first


def hosts(road: Road) -> list[tuple[str, str, str]]:
    """Id, name and address of every host the Manager has."""
    bearer = road.client().bearer(road.deployment.job_key())
    headers = {"Authorization": f"Bearer {bearer}", "Accept": "application/json"}
    found = road.manager.get("/api/hosts", headers=headers).json().get("host", [])
    return [(host["id"], host["name"], host["address"]) for host in found]


@pytest.mark.parametrize(
    "changes",
    [
        {"host.name": "other.example.test"},
        {"host.address": "127.0.0.3"},
        {"host.name": "other.example.test", "host.address": "127.0.0.3"},
    ],
)
def test_a_host_resumed_under_another_name_or_address_is_still_one_host(road: Road, changes: dict[str, str]) -> None:
    road.wait()
    road.register()
    first = road.deployment.record.host_id
    road.reopen()
    road.answers = world.changed(road.answers, changes)
    wanted = road.answers["host"]
    road.register()
    assert hosts(road) == [(first, wanted["name"], wanted["address"])]
    record = road.deployment.record
    assert (record.host_id, record.host_name, record.host_address) == (first, wanted["name"], wanted["address"])
    road.finish()
    config = read_engine_config()
    assert config is not None
    assert (config.host_id, config.host_name) == (first, wanted["name"])


def test_an_entry_whose_answer_was_lost_is_not_left_under_the_old_name(
    road: Road, monkeypatch: pytest.MonkeyPatch
) -> None:
    road.wait()
    add = Manager.add_host

    def lost(manager: Manager, *arguments: Any) -> str:
        add(manager, *arguments)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Manager, "add_host", lost)
        with pytest.raises(KeyboardInterrupt):
            road.register()
    assert road.deployment.record.host_id == ""
    ((first, _name, _address),) = hosts(road)
    road.reopen()
    road.answers = world.changed(road.answers, {"host.name": "other.example.test", "host.address": "127.0.0.3"})
    road.register()
    assert hosts(road) == [(first, "other.example.test", "127.0.0.3")]


def test_an_entry_somebody_removed_meanwhile_is_made_anew(road: Road) -> None:
    road.wait()
    road.register()
    road.deployment.update(host_id="00000000-0000-0000-0000-000000000000", host_name="gone.example.test")
    road.register()
    ((host_id, name, _address),) = hosts(road)
    assert (name, road.deployment.record.host_id) == ("host1.example.test", host_id)


def test_finish_that_died_after_the_manager_forgot_the_key(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    road.wait()
    road.register()

    def power_cut(_config: Any) -> None:
        raise OSError(5, "the power went")

    with monkeypatch.context() as patch:
        patch.setattr(finish, "write_engine_config", power_cut)
        with pytest.raises(OSError, match="power"):
            road.finish()
    assert read_engine_config() is None
    road.reopen()
    assert road.finish()[0]
    assert read_engine_config() is not None
    assert not road.deployment.has_secrets()


def test_a_manager_with_another_ca_is_not_trusted(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = FirstContact("00" * 32, "engine.example.test", ("127.0.0.1",), "0.1.0")
    monkeypatch.setattr(engine_wait, "read_last", lambda _path: stranger)
    with pytest.raises(RhvError) as caught:
        road.wait()
    assert caught.value.code == "manager.wrong_ca"
    assert not road.deployment.ca_file.exists()


def test_an_engine_of_another_name_is_not_ours(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    other = FirstContact("00" * 32, "other.example.test", ("127.0.0.1",), "0.1.0")
    monkeypatch.setattr(engine_wait, "read_last", lambda _path: other)
    with pytest.raises(RhvError) as caught:
        road.wait()
    assert caught.value.code == "engine.other_name"


def test_a_vm_that_stopped_is_told_at_once_with_its_last_words(
    road: Road, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    log = tmp_path / "serial.log"
    log.write_bytes(b"\x1b[0mKernel panic - not syncing\r\n\x00\n")
    monkeypatch.setattr(places, "serial_log_file", lambda _name: log)
    monkeypatch.setattr(engine_wait, "read_last", lambda _path: None)
    road.domain.number = road.domain.number_after_start = 5
    with pytest.raises(RhvError) as caught:
        road.wait()
    assert (caught.value.code, caught.value.message.params["state"]) == ("engine.stopped", "shut_off")
    assert caught.value.detail == "Kernel panic - not syncing"


def test_a_vm_switched_off_by_a_reboot_of_the_host_is_started_again(road: Road) -> None:
    road.domain.number = 5
    assert road.wait()
    assert road.domain.starts == [5]
    road.wait()
    assert road.domain.starts == [5], "one that runs is left alone"


def test_a_vm_whose_kernel_panicked_is_started_anew(road: Road) -> None:
    road.domain.number = 6
    assert road.wait()
    assert road.domain.starts == [5]


def test_from_finish_on_it_comes_back_from_a_panic_by_itself(road: Road) -> None:
    stored, live = road.domain.stored, road.domain.live
    assert (stored.findtext("on_crash"), live.findtext("on_crash")) == ("preserve", "preserve")
    road.wait()
    road.register()
    road.finish()
    assert (stored.findtext("on_crash"), live.findtext("on_crash")) == ("restart", "restart")


def test_a_vm_that_was_removed_meanwhile(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_wait, "find_engine", lambda *_: None)
    with pytest.raises(RhvError) as caught:
        road.wait()
    assert caught.value.code == "engine.gone"


def test_an_engine_that_never_answers(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_wait, "read_last", lambda _path: None)
    with pytest.raises(RhvError) as caught:
        road.wait(limit_s=0.3)
    assert caught.value.code == "engine.silent"
    assert "no word on the first-contact port" in (caught.value.detail or "")


def test_a_host_the_manager_cannot_reach(road: Road, monkeypatch: pytest.MonkeyPatch) -> None:
    road.wait()
    monkeypatch.setattr(register, "start_agent", lambda _deployment, restart: restart)
    monkeypatch.setattr(register, "LIMIT_S", 0.5)
    monkeypatch.setattr(register, "unit_states", lambda names: {name: world.unit("inactive") for name in names})
    monkeypatch.setattr(register, "_journal", lambda: "last words of the agent")
    with pytest.raises(RhvError) as caught:
        road.register()
    assert caught.value.code == "host.not_up"
    assert "last words of the agent" in (caught.value.detail or "")


def test_a_foreign_vm_of_that_name_is_left_alone(road: Road) -> None:
    mark = road.domain.live.find("metadata")
    assert mark is not None
    road.domain.live.remove(mark)
    for phase in (road.wait, road.finish):
        road.deployment.pin_ca(road.manager.ca_file.read_text())
        with pytest.raises(RhvError) as caught:
            phase()
        assert caught.value.code == "engine.foreign_vm"
    assert road.domain.detached == []
    assert not road.domain.started_with_host
