# SPDX-License-Identifier: Apache-2.0
"""A real libvirtd that hangs inside an open connection, in each phase that asks it; and one that waits itself."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Callable

import libvirt
import pytest
from cockpit_rhv.checks.hypervisor import read_hypervisor
from cockpit_rhv.console import session
from cockpit_rhv.deploy import cleanup, cleanup_plan, finish, places, vm
from cockpit_rhv.deploy.causes import diagnose
from cockpit_rhv.deploy.cleanup_plan import plan_cleanup
from cockpit_rhv.deploy.config import EngineConfig, read_engine_config
from cockpit_rhv.deploy.engine_parts import libvirt_parts
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.errors import RhvError
from cockpit_rhv.helper import uploading
from cockpit_rhv.machines import limited
from cockpit_rhv.machines.limited import open_limited
from cockpit_rhv.machines.xml import ENGINE_TAG

from tests.unit import deploy_support as world
from tests.wire.libvirt_daemon import MISSING, LibvirtDaemon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

pytestmark = [pytest.mark.skipif(MISSING is not None, reason=str(MISSING)), pytest.mark.timeout(90)]

NAME = "HostedEngine"
SILENT = ProgressFile(None)


@pytest.fixture
def deployment(daemon: LibvirtDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """With an engine VM that is defined and off."""
    for name in ("STATE", "ETC", "JOBS"):
        monkeypatch.setenv(f"COCKPIT_RHV_{name}", str(tmp_path / name))
    monkeypatch.setattr(places, "first_contact_file", lambda name: tmp_path / f"{name}.first-contact")
    monkeypatch.setattr(places, "serial_log_file", lambda name: tmp_path / f"{name}-serial0.log")
    monkeypatch.setattr(places, "stale_runtime_folders", lambda _name, _running: [])
    deployment = Deployment.open(world.JOB)
    deployment.update(name=NAME, finished=True)
    uuid = daemon.define(NAME)
    tag = ENGINE_TAG[1:].split("}")
    conn = libvirt.open(daemon.uri())
    conn.lookupByUUIDString(uuid).setMetadata(
        libvirt.VIR_DOMAIN_METADATA_ELEMENT, f"<{tag[1]} job='{world.JOB}'/>", "rhv", tag[0]
    )
    conn.close()
    return deployment


def state(daemon: LibvirtDaemon) -> int | None:
    """Of the engine VM by libvirt's number; None when there is none."""
    conn = libvirt.open(daemon.uri())
    try:
        found = [domain.state()[0] for domain in conn.listAllDomains() if domain.name() == NAME]
        return found[0] if found else None
    finally:
        conn.close()


@contextmanager
def impatient(monkeypatch: pytest.MonkeyPatch, call_s: float = 60.0) -> Iterator[None]:
    """With short limits; ``call_s``: for a daemon that lives."""
    with monkeypatch.context() as patch:
        patch.setattr(limited, "OPEN_S", 1.0)
        patch.setattr(limited, "DOUBT_S", 0.5)
        patch.setattr(limited, "CALL_S", call_s)
        yield


def silent(work: Callable[[], object]) -> dict[str, Any]:
    """The error that ``work`` raises, as it is told. Its tracebacks would keep the connection."""
    told: dict[str, Any] = {}
    try:
        work()
    except RhvError as error:
        told = diagnose(error, world.answers()).to_json()
    assert told.get("code") == "libvirt.silent"
    return told


def silence(daemon: LibvirtDaemon, module: ModuleType, work: Callable[[], object], patch: pytest.MonkeyPatch) -> None:
    """See that ``work`` ends, with the known cause, when the daemon hangs as soon as ``module`` has connected."""
    connected = vm.connected
    with daemon.hanging_when_told() as hang, impatient(patch), patch.context() as inside:

        @contextmanager
        def hangs_then(uri: str) -> Iterator[libvirt.virConnect]:
            with connected(uri) as connection:
                hang()
                yield connection

        inside.setattr(module, "connected", hangs_then)
        began = time.monotonic()
        error = silent(work)
        assert 1 < time.monotonic() - began < 30
    assert error["hint"]["id"] == "libvirt.silent.hint"
    assert error["cause"]["id"] == "cause.libvirt.hangs"


def test_in_the_phase_vm(daemon: LibvirtDaemon, deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = world.changed(world.answers(), {"network.kind": "bridge"})

    def start() -> bool:
        return vm.start_engine(deployment, answers, "", None, daemon.uri())

    silence(daemon, vm, start, monkeypatch)
    assert state(daemon) == libvirt.VIR_DOMAIN_SHUTOFF
    assert start()
    assert state(daemon) == libvirt.VIR_DOMAIN_RUNNING


def test_in_the_phase_finish(daemon: LibvirtDaemon, deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = world.changed(world.answers(), {"network.kind": "bridge"})

    def end() -> object:
        return finish.finish(deployment, answers, SILENT, daemon.uri())

    silence(daemon, finish, end, monkeypatch)
    assert read_engine_config() is None
    end()
    assert read_engine_config() is not None
    conn = libvirt.open(daemon.uri())
    assert conn.lookupByName(NAME).autostart()
    conn.close()


@pytest.mark.parametrize("module", [cleanup_plan, cleanup], ids=["planned", "carried out"])
def test_in_a_cleanup(
    daemon: LibvirtDaemon, deployment: Deployment, monkeypatch: pytest.MonkeyPatch, module: ModuleType
) -> None:
    deployment.update(finished=False)
    wanted = [item.id for item in plan_cleanup(daemon.uri()).items]
    assert f"domain:{NAME}" in wanted

    def clean() -> object:
        return cleanup.carry_out_plan(wanted, "", SILENT, daemon.uri())

    silence(daemon, module, clean, monkeypatch)
    assert state(daemon) is not None
    assert places.state_dir().exists()
    clean()
    assert state(daemon) is None
    assert not places.state_dir().exists()


def test_whoever_only_looks_is_told_too(
    daemon: LibvirtDaemon, deployment: Deployment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish.finish(deployment, world.changed(world.answers(), {"network.kind": "bridge"}), SILENT, daemon.uri())
    config = read_engine_config()
    assert isinstance(config, EngineConfig)
    with daemon.hung(), impatient(monkeypatch):
        silent(lambda: read_hypervisor(daemon.uri()))
        vm_state, parts = libvirt_parts(config, daemon.uri(), False, tmp_path)
    assert (vm_state, parts["libvirt"].state, parts["vm"].state) == (None, "failed", "unknown")


def test_consoles_and_uploads_are_told_too(
    daemon: LibvirtDaemon, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("COCKPIT_RHV_LIBVIRT_URI", daemon.uri())
    with daemon.hung(), impatient(monkeypatch):
        silent(session._connect)
        uploading._refresh("11111111-1111-4111-8111-111111111111")
    assert "the pool was not refreshed: libvirt.silent" in caplog.text


def test_a_daemon_that_waits_for_a_guest_is_given_its_time_and_no_more(
    daemon: LibvirtDaemon, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = open_limited(daemon.uri(), writable=True).conn
    domain = connection.lookupByName(NAME)
    domain.create()
    with impatient(monkeypatch), daemon.stopped_qemu(NAME) as go_on:
        threading.Timer(3, go_on).start()
        began = time.monotonic()
        domain.suspend()
        assert time.monotonic() - began > 2, "doubted several times, and waited for all the same"
    with impatient(monkeypatch, call_s=3), daemon.stopped_qemu(NAME):
        began = time.monotonic()
        assert silent(domain.resume)["message"]["params"]["seconds"] == 3
        assert 3 <= time.monotonic() - began < 30
        assert [other.name() for other in connection.listAllDomains()] == [NAME], "others are served meanwhile"
    connection.close()
