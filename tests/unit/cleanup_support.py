# SPDX-License-Identifier: Apache-2.0
"""A host with a deployment on it: libvirt's test driver, files in a folder of the test, systemd stood in for."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import libvirt
from cockpit_rhv.checks.agent_port import AGENT_UNIT
from cockpit_rhv.deploy import cleanup, cleanup_plan, discard, lock_manager, places
from cockpit_rhv.deploy.cleanup import carry_out_plan
from cockpit_rhv.deploy.cleanup_plan import plan_cleanup
from cockpit_rhv.deploy.config import EngineConfig, write_engine_config
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.deploy.storage_pool import nfs_pool, remove_pool
from cockpit_rhv.deploy.vm import libvirt_errors
from cockpit_rhv.host.services import UnitState

from tests.unit import deploy_support as world

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    import pytest

FQDN = "engine.example.com"


class Domain:
    """A domain of the test driver, which knows of no NVRAM to remove."""

    def __init__(self, real: Any) -> None:
        self._real = real

    def undefineFlags(self, flags: int) -> None:
        assert flags & libvirt.VIR_DOMAIN_UNDEFINE_NVRAM, "a guest with UEFI could not be removed"
        self._real.undefineFlags(flags & ~libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class Network:
    """A network of the test driver, which knows of no ports."""

    def __init__(self, real: Any, ports: Sequence[str]) -> None:
        self._real, self._ports = real, ports

    def listAllPorts(self) -> Sequence[str]:
        return self._ports

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class Connection:
    """A connection to the test driver with those."""

    def __init__(self, real: Any, ports: Sequence[str]) -> None:
        self._real, self._ports = real, ports

    def listAllDomains(self) -> list[Domain]:
        return [Domain(domain) for domain in self._real.listAllDomains()]

    def listAllStoragePools(self) -> list[Any]:
        return list(self._real.listAllStoragePools())

    def networkLookupByName(self, name: str) -> Network:
        return Network(self._real.networkLookupByName(name), self._ports)


class Host:
    """``units``: active and enabled state by unit. ``ports``: what is plugged into libvirt's network."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.images = folder / "storage" / "images"
        self.log = folder / "log"
        self.log.mkdir()
        self.units: dict[str, list[str]] = {
            AGENT_UNIT: ["active", "enabled"],
            "virtlockd.socket": ["inactive", "disabled"],
            "virtlockd.service": ["inactive", "disabled"],
            "libvirtd.service": ["inactive", "disabled"],
            "virtqemud.service": ["inactive", "disabled"],
        }
        self.ports: list[str] = []
        self.systemctl: list[list[str]] = []
        self.real = libvirt.open("test:///default")
        for name, part in {"JOBS": "jobs", "STATE": "var", "ETC": "etc"}.items():
            patch.setenv(f"COCKPIT_RHV_{name}", str(folder / part))
        patch.setattr(places, "first_contact_file", lambda name: self.log / f"{name}.first-contact")
        patch.setattr(places, "serial_log_file", lambda name: self.log / f"{name}-serial0.log")
        patch.setattr(places, "stale_runtime_folders", self._stale)
        for module in (cleanup, cleanup_plan, discard):
            patch.setattr(module, "connected", self._connected)
        for module in (cleanup_plan, lock_manager):
            patch.setattr(module, "unit_states", self._unit_states)
        patch.setattr(lock_manager, "ROOT", folder)
        self.restarts = 0
        patch.setattr(lock_manager, "restart_libvirt", self._restart)
        patch.setattr(subprocess, "run", self._run)

    @contextmanager
    def _connected(self, *_uri: str) -> Iterator[Connection]:
        with libvirt_errors():
            yield Connection(self.real, self.ports)

    def _restart(self, *_uri: str) -> None:
        self.restarts += 1

    def _stale(self, name: str, active: Collection[int]) -> list[Path]:
        runs = self.log.glob(f"domain-*-{name}")
        return sorted(path for path in runs if int(path.name.split("-")[1]) not in active)

    def _unit_states(self, names: Sequence[str]) -> dict[str, UnitState]:
        return {name: UnitState("loaded", self.units[name][0], "", self.units[name][1], "", None) for name in names}

    def _run(self, argv: list[str], **_options: Any) -> subprocess.CompletedProcess[str]:
        assert argv[0] == "systemctl", argv
        self.systemctl.append(argv)
        active, enabled = self.units[argv[-1]]
        if argv[1] == "disable":
            enabled = "disabled"
        if argv[1] == "enable":
            enabled = "enabled"
        if argv[1] == "start":
            active = "active"
        if argv[1] == "stop" or "--now" in argv:
            active = "inactive"
        self.units[argv[-1]] = [active, enabled]
        return subprocess.CompletedProcess(argv, 0, "", "")

    # -- what a deployment leaves --------------------------------------------------------------------------------------

    def deploy(self, job: str = world.JOB, name: str = "HostedEngine") -> Deployment:
        """Everything up to the phase *host*, noted as the phases do it."""
        deployment = Deployment.open(job)
        deployment.note_new_folder(self.images)
        self.images.mkdir(parents=True, exist_ok=True)
        disk, drive = places.disk_file(str(self.images), name), places.drive_file(str(self.images), name)
        deployment.update(name=name, disk=str(disk), drive=str(drive), started=True, host_id="7", host_name="host1")
        deployment.note("network_started", "default")
        deployment.note("network_autostart", "default")
        self.network().setAutostart(1)
        self.define(name, job, disks=[disk, drive])
        deployment.note_new_folder(places.pki_dir())
        files = [places.pki_dir() / part for part in ("agent.key", "ca.pem", "agent.pem")] + places.vm_files(name)
        for path in files:
            deployment.note_new_file(path)
        places.pki_dir().mkdir(parents=True, exist_ok=True)
        for path in [*files, disk, drive]:
            path.write_text("x" * 5000)
        deployment.note("unit_enabled", AGENT_UNIT)
        deployment.note("unit_started", AGENT_UNIT)
        deployment.token()
        deployment.job_key()
        deployment.pin_ca("a CA")
        return deployment

    def mount(self, deployment: Deployment, name: str = "HostedEngine") -> str:
        """The pool of a shared storage, as the phase *storage* leaves it; returns its name."""
        answers = {"engine": {"name": name}, "storage": {"kind": "nfs", "server": "nas", "export": "/e"}}
        pool = places.storage_pool(answers)
        assert pool is not None
        deployment.note("pool", pool)
        self.real.storagePoolDefineXML(
            nfs_pool(pool, {**answers, "storage": {**answers["storage"], "nfs_version": "3"}})
        )
        self.real.storagePoolLookupByName(pool).create()
        return pool

    def pools(self) -> set[str]:
        return {pool.name() for pool in self.real.listAllStoragePools()} - {"default-pool"}

    def finish(self, deployment: Deployment) -> None:
        """The phase *finish*."""
        deployment.note("file", str(places.engine_json()))
        record = deployment.record
        values = dict.fromkeys(EngineConfig.__dataclass_fields__, "x")
        del values["version"], values["previous"]
        write_engine_config(
            EngineConfig(**{**values, "fqdn": FQDN, "job": record.job, "disk": record.disk, "deployed_s": 1.0})  # type: ignore[arg-type]
        )
        deployment.update(finished=True)
        deployment.forget_secrets()

    def define(self, name: str, job: str | None, *, running: bool = True, disks: Sequence[Path] = ()) -> None:
        """A domain; ``job`` None: not ours."""
        mark = "" if job is None else f'<rhv:engine xmlns:rhv="https://cockpit-rhv.org/engine/1" job="{job}"/>'
        devices = "".join(
            f"<disk type='file'><source file='{path}'/><target dev='vd{letter}'/></disk>"
            for letter, path in zip("abc", disks)
        )
        domain = self.real.defineXML(
            f"<domain type='test'><name>{name}</name><metadata>{mark}</metadata><memory unit='MiB'>8</memory>"
            f"<os><type>hvm</type></os><devices>{devices}</devices></domain>"
        )
        if running:
            domain.create()

    # -- what is there -------------------------------------------------------------------------------------------------

    def network(self) -> Any:
        return self.real.networkLookupByName("default")

    def domains(self) -> set[str]:
        return {domain.name() for domain in self.real.listAllDomains()} - {"test"}

    def files(self) -> set[str]:
        """Every path below the test's folder but the jobs."""
        found = {str(path.relative_to(self.folder)) for path in self.folder.rglob("*")}
        return {path for path in found if path.partition("/")[0] not in ("jobs", "cockpit_rhv", "playbooks")}


def carry_out(wanted: list[str] | None = None, engine: str = FQDN) -> tuple[bool, list[dict[str, Any]]]:
    """Carry out the plan, all of it by default."""
    shown = [item.id for item in plan_cleanup().items] if wanted is None else wanted
    return carry_out_plan(shown, engine, ProgressFile(None))


def foreigners(host: Host) -> None:
    """Put what is nobody's business all around what a deployment makes."""
    host.define("Mine", None)
    host.define("HostedEngine-2", "20260102-030405-ffff")
    host.images.mkdir(parents=True)
    for name in ("mine.qcow2", "HostedEngine-2.qcow2", ".HostedEngine.qcow2.mine"):
        (host.images / name).write_text("mine")
    places.config_dir().mkdir()
    (places.config_dir() / "mine.json").write_text("{}")


def made_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """What a fixture yields from."""
    small = tmp_path / "cockpit_rhv"
    small.mkdir()
    monkeypatch.setattr("cockpit_rhv.jobs.store._LIBRARY", small)
    host = Host(tmp_path, monkeypatch)
    yield host
    for domain in host.real.listAllDomains():
        if domain.name() != "test":
            if domain.isActive():
                domain.destroy()
            domain.undefine()
    for pool in host.real.listAllStoragePools():
        if pool.name() in host.pools():
            remove_pool(pool)
    host.real.close()
