# SPDX-License-Identifier: Apache-2.0
"""A deployed engine for tests of its upgrade: real files, a stand-in for its VM, and a kill at any step."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import types
import xml.etree.ElementTree as ET
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit_rhv.deploy import config as config_module
from cockpit_rhv.deploy import (
    rollback,
    state,
    upgrade_finish,
    upgrade_preflight,
    upgrade_record,
    upgrade_switch,
    upgrade_vm,
)
from cockpit_rhv.deploy.config import EngineConfig, read_engine_config, write_engine_config
from cockpit_rhv.deploy.engine_state import Health
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.deploy.upgrade_record import Files, inode
from cockpit_rhv.messages import msg

from . import deploy_support as world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

SILENT = ProgressFile(None)
OLD, NEW = "0.1.0", "0.2.0"
UPGRADE = "20260303-030303-abcd"


class Killed(BaseException):
    """kill -9: nothing that handles errors sees it."""


class Kill:
    """Counts the steps that change something; the one of number ``at`` is not done any more."""

    def __init__(self) -> None:
        self.at: int | None = None
        self.steps = 0

    def step(self) -> None:
        self.steps += 1
        if self.at is not None and self.steps > self.at:
            raise Killed

    def wrap(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **more: Any) -> Any:
            self.step()
            return function(*args, **more)

        return counted


class FakeDomain:
    """The engine VM. ``deaf``: it does not hear the power button."""

    def __init__(self, name: str, disk: Path, job: str, kill: Kill) -> None:
        xml = (
            f"<domain><name>{name}</name><metadata><e:engine xmlns:e='https://cockpit-rhv.org/xmlns/engine/1'"
            f" job='{job}'/></metadata><devices><disk><source file='{disk}'/><target dev='vda'/></disk></devices>"
            "</domain>"
        )
        self.stored, self.live = ET.fromstring(xml), ET.fromstring(xml)
        self.on, self.deaf, self.kill = True, False, kill
        self.ran_on: list[int] = [inode(disk)]
        self.destroyed = 0
        self._name, self._disk = name, disk

    def name(self) -> str:
        return self._name

    def isActive(self) -> bool:
        return self.on

    def state(self) -> tuple[int, int]:
        return (1 if self.on else 5), 0

    def XMLDesc(self, flags: int = 0) -> str:
        return ET.tostring(self.live if self.on and not flags else self.stored, encoding="unicode")

    def shutdown(self) -> None:
        self.kill.step()
        self.on = self.on and self.deaf

    def destroy(self) -> None:
        self.kill.step()
        self.destroyed += 1
        self.on = False

    def create(self) -> None:
        self.kill.step()
        assert self._disk.exists()
        self.ran_on.append(inode(self._disk))
        self.live = ET.fromstring(ET.tostring(self.stored))
        self.on = True

    def attachDeviceFlags(self, xml: str, _flags: int) -> None:
        self.kill.step()
        self._devices(self.stored).append(ET.fromstring(xml))

    def detachDeviceFlags(self, xml: str, flags: int) -> None:
        self.kill.step()
        serial = ET.fromstring(xml).findtext("serial")
        devices = self._devices(self.stored if flags == 2 else self.live)
        for disk in devices.findall("disk"):
            if disk.findtext("serial") == serial:
                devices.remove(disk)

    def serials(self, live: bool = True) -> list[str]:
        return [disk.findtext("serial", "") for disk in self._devices(self.live if live else self.stored)]

    @staticmethod
    def _devices(root: ET.Element) -> ET.Element:
        devices = root.find("devices")
        assert devices is not None
        return devices


class World:
    """A host with a finished deployment of version ``OLD`` and an image of version ``NEW``."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COCKPIT_RHV_STATE", str(folder / "state"))
        monkeypatch.setenv("COCKPIT_RHV_ETC", str(folder / "etc"))
        images = folder / "images"
        images.mkdir()
        self.kill = Kill()
        self.files = Files(images / "HostedEngine.qcow2")
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(self.files.disk), "10G"], check=True)
        self.old_inode = inode(self.files.disk)
        self.deployment = Deployment.open(world.JOB)
        self.deployment.update(name="HostedEngine", disk=str(self.files.disk), finished=True, engine_version=OLD)
        self.before = EngineConfig(
            profile="embedded", name="HostedEngine", uuid=self.deployment.record.uuid, fqdn="engine.example.com",
            address="192.0.2.20", url="https://192.0.2.20/ovirt-engine/", ca_sha256="0" * 64, ca_file="/nowhere",
            host_id="h", host_name="host1", host_address="192.0.2.10", network_kind="bridge",
            network_name="ovirtmgmt", disk=str(self.files.disk), deployed_s=1.0, job=world.JOB, engine_version=OLD,
        )  # fmt: skip
        write_engine_config(self.before)
        self.image = make_image(folder / "image", NEW)
        self.domain = FakeDomain("HostedEngine", self.files.disk, world.JOB, self.kill)
        self.health = Health("good", msg("t", "good"), version=OLD)
        self.clients: list[dict[str, Any]] = [{"name": "engine", "address": "192.0.2.20", "connected_s": 1.0}]
        self._stand_in(monkeypatch)

    def _stand_in(self, monkeypatch: pytest.MonkeyPatch) -> None:
        libvirt = types.SimpleNamespace(
            VIR_DOMAIN_XML_INACTIVE=2, VIR_DOMAIN_AFFECT_CONFIG=2, VIR_DOMAIN_AFFECT_LIVE=1, VIR_DOMAIN_RUNNING=1,
            libvirtError=type("libvirtError", (Exception,), {}),
        )  # fmt: skip
        monkeypatch.setitem(sys.modules, "libvirt", libvirt)

        @contextmanager
        def connected(_uri: str = "") -> Iterator[object]:
            yield object()

        for module in (rollback, upgrade_finish, upgrade_preflight, upgrade_switch):
            monkeypatch.setattr(module, "connected", connected)
            monkeypatch.setattr(module, "find_engine", lambda *_: self.domain)
        for module in (rollback, upgrade_switch):
            monkeypatch.setattr(module, "start_again", self._start_again)
            monkeypatch.setattr(module, "connections", lambda *_: list(self.clients))
        monkeypatch.setattr(upgrade_preflight, "connections", lambda *_: list(self.clients))
        monkeypatch.setattr(upgrade_preflight, "read_health", lambda _config: self.health)
        # Nobody pulls a plug here, and hundreds of these runs wait for a disk otherwise.
        monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
        monkeypatch.setattr(upgrade_vm, "_POLL_S", 0.001)
        for place, name in ((os, "replace"), (os, "link"), (Path, "unlink")):
            monkeypatch.setattr(place, name, self.kill.wrap(getattr(place, name)))
        for module in (state, config_module, upgrade_record):
            monkeypatch.setattr(module, "write_json", self.kill.wrap(module.write_json))

    def _start_again(self, _connection: object, domain: FakeDomain, *_: object) -> bool:
        if domain.isActive():
            return False
        domain.create()
        return True

    @property
    def config(self) -> EngineConfig:
        config = read_engine_config()
        assert config is not None
        return config


def make_image(folder: Path, version: str) -> Path:
    """A small image with what belongs beside it."""
    import hashlib

    folder.mkdir(exist_ok=True)
    image = folder / "rhv-engine.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(image), "3G"], check=True)
    checksum = hashlib.sha256(image.read_bytes()).hexdigest()
    image.with_name("rhv-engine.qcow2.sha256").write_text(f"{checksum}  rhv-engine.qcow2\n")
    image.with_suffix(".json").write_text(json.dumps({"version": version, "sha256": checksum}))
    return image
