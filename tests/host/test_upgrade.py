# SPDX-License-Identifier: Apache-2.0
"""The engine is upgraded to a newer appliance with its data kept, and returned to the version before.

The tests follow one engine and rely on their order in this file; the last leaves it as the first found it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

import ovirtsdk4
import pytest

from tests.testhost.newer import NEWER, build_dead, build_newer
from tests.testhost.root import BUILD
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conftest import Engine

pytestmark = [pytest.mark.host, pytest.mark.timeout(900)]

FOLDER = "/root/upgrade-test"
START = """
import sys
from pathlib import Path
from cockpit_rhv.deploy.upgrade_start import start_upgrade
print(start_upgrade(Path(sys.argv[1]), None, "root", limit_s=15.0))
"""


@pytest.fixture(scope="module")
def images(engine: Engine) -> Iterator[dict[str, str]]:
    """Paths on the host: ``newer`` and ``dead``."""
    folder = engine.host.container.root / FOLDER.lstrip("/")
    shutil.copytree(build_newer(BUILD / "newer"), folder / "newer", dirs_exist_ok=True)
    build_dead(folder / "dead")
    yield {name: f"{FOLDER}/{name}/rhv-engine.qcow2" for name in ("newer", "dead")}
    engine.host.container.run("rm", "-rf", FOLDER)


def connect(engine: Engine) -> Any:
    return ovirtsdk4.Connection(
        url=f"{engine.url}/api",
        username="admin@internal",
        password=engine.password,
        ca_file=str(engine.ca_file),
        timeout=20,
    )


def data(engine: Engine) -> dict[str, Any]:
    """What the Manager knows, by the login and the CA of the deployment."""
    connection = connect(engine)
    try:
        system = connection.system_service()
        return {
            "hosts": {(host.id, host.name, host.address) for host in system.hosts_service().list()},
            "clusters": {(cluster.id, cluster.name) for cluster in system.clusters_service().list()},
            "events": {(event.id, event.description) for event in system.events_service().list(max=1000)},
        }
    finally:
        connection.close()


def host_status(engine: Engine) -> str:
    connection = connect(engine)
    try:
        (host,) = connection.system_service().hosts_service().list()
        return str(host.status)
    finally:
        connection.close()


def ssh_keys(engine: Engine) -> set[str]:
    command = ["ssh-keyscan", "-T", "20", "-t", "ed25519,ecdsa", engine.config["address"]]
    shown = until(
        "sshd answers",
        lambda: subprocess.run(command, capture_output=True, text=True, check=False).stdout,
        lambda text: len(text.splitlines()) >= 2,
        limit_s=90,
        every_s=2,
    )
    return {line.split(" ", 1)[1] for line in shown.splitlines() if not line.startswith("#")}


def config(engine: Engine) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((engine.host.container.root / "etc/cockpit-rhv/engine.json").read_text())
    return read


def job_status(engine: Engine, job: str) -> dict[str, Any]:
    path = engine.host.container.root / "var/lib/cockpit-rhv/jobs" / job / "status.json"
    read: dict[str, Any] = json.loads(path.read_text())
    return read


def kill_in(engine: Engine, job: str, phase: str, wait_s: float) -> None:
    """Kill the job's runner -9 some time after it has come to this phase."""
    box = engine.host.container
    until(
        f"phase {phase}", lambda: job_status(engine, job), lambda now: now["phase"] == phase, limit_s=120, every_s=0.1
    )
    time.sleep(wait_s)
    pid = box.run("systemctl", "show", "--value", "-p", "MainPID", f"cockpit-rhv-job-{job}.service").stdout.strip()
    box.run("kill", "-9", pid)
    seen = until("the job is settled", lambda: job_status(engine, job), lambda now: now["state"] != "running")
    assert (seen["state"], seen["phase"]) == ("interrupted", phase), seen


def beside(engine: Engine) -> dict[str, int]:
    """The engine's files in the storage folder, with their inodes."""
    folder: Path = engine.host.images
    return {path.name: path.stat().st_ino for path in folder.glob(f"{engine.config['name']}.*")}


def disks(engine: Engine, *flags: str) -> list[tuple[str, str]]:
    """Target and serial number of the engine VM's disks."""
    shown = engine.host.container.run("virsh", "dumpxml", *flags, engine.config["name"]).stdout
    found = ElementTree.fromstring(shown).iter("disk")
    return [(disk.find("target").get("dev"), disk.findtext("serial", "")) for disk in found]  # type: ignore[union-attr,misc]


BEFORE: dict[str, Any] = {}


def test_an_image_that_is_not_newer_is_refused(engine: Engine) -> None:
    BEFORE.update(
        config=config(engine), data=data(engine), keys=ssh_keys(engine), files=beside(engine), disks=disks(engine)
    )
    refused = engine.host.container.run("cockpit-rhv", "upgrade", check=False)
    assert refused.returncode == 3
    assert "[upgrade.not_newer]" in refused.stderr
    assert beside(engine) == BEFORE["files"]


def test_an_upgrade_killed_twice_is_resumed_and_keeps_everything(engine: Engine, images: dict[str, str]) -> None:
    box = engine.host.container
    shown = box.run("cockpit-rhv", "upgrade", "--image", images["newer"], "--dry-run").stdout
    assert NEWER in shown
    assert beside(engine) == BEFORE["files"]
    job = box.run("cockpit-rhv", "upgrade", "--image", images["newer"], "--detach").stdout.strip()
    # Once while the old engine shuts down, and once while the new one starts.
    kill_in(engine, job, "upgrade_switch", 1.0)
    box.run("cockpit-rhv", "resume", "--detach", job)
    kill_in(engine, job, "upgrade_engine", 3.0)
    box.run("cockpit-rhv", "resume", job, limit_s=300)
    ended = job_status(engine, job)
    print({phase["id"]: round(phase["elapsed_s"], 1) for phase in ended["phases"]})
    assert (ended["state"], ended["attempt"]) == ("succeeded", 3)

    now = config(engine)
    assert now["engine_version"] == NEWER
    previous = now.pop("previous")
    assert previous["version"] == BEFORE["config"]["engine_version"]
    assert now == {**BEFORE["config"], "engine_version": NEWER}
    name = engine.config["name"]
    files = beside(engine)
    assert set(files) == {f"{name}.qcow2", f"{name}.previous.qcow2"}
    assert files[f"{name}.previous.qcow2"] == BEFORE["files"][f"{name}.qcow2"]
    assert disks(engine) == disks(engine, "--inactive") == BEFORE["disks"]
    # Password, CA, ids, events and addresses are the engine's, not the appliance's.
    until("the host is up", lambda: host_status(engine), "up".__eq__, limit_s=60, every_s=1)
    after = data(engine)
    assert after["hosts"] == BEFORE["data"]["hosts"]
    assert after["clusters"] == BEFORE["data"]["clusters"]
    assert after["events"] > BEFORE["data"]["events"]
    assert ssh_keys(engine) == BEFORE["keys"]
    log = (box.root / f"var/log/libvirt/qemu/{name}-serial0.log").read_text(errors="replace")
    assert "took over" in log


def test_the_previous_disk_was_only_read(engine: Engine) -> None:
    """It is the same file; that its content is the old engine's is what the way back proves."""
    disk = engine.host.images / f"{engine.config['name']}.previous.qcow2"
    assert disk.stat().st_mtime < config(engine)["previous"]["replaced_s"]
    checked = subprocess.run(["qemu-img", "check", str(disk)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_way_back_leads_to_the_version_and_data_before(engine: Engine) -> None:
    box = engine.host.container
    refused = box.run("cockpit-rhv", "upgrade", "--rollback", check=False)
    assert (refused.returncode, "is lost" in refused.stderr) == (3, True), refused.stderr
    began = time.monotonic()
    box.run("cockpit-rhv", "upgrade", "--rollback", "--yes", limit_s=300)
    print(f"way back: {time.monotonic() - began:.1f} s")
    assert config(engine) == BEFORE["config"]
    assert beside(engine) == BEFORE["files"]
    until("the host is up", lambda: host_status(engine), "up".__eq__, limit_s=60, every_s=1)
    after = data(engine)
    assert after["hosts"] == BEFORE["data"]["hosts"]
    assert after["events"] >= BEFORE["data"]["events"]
    assert ssh_keys(engine) == BEFORE["keys"]


def test_an_engine_that_never_comes_is_explained_and_undone(engine: Engine, images: dict[str, str]) -> None:
    box = engine.host.container
    job = box.run("python3", "-c", START, images["dead"]).stdout.strip()
    followed = box.run("cockpit-rhv", "attach", job, check=False, limit_s=300)
    assert followed.returncode == 1
    failed = job_status(engine, job)
    assert (failed["state"], failed["phase"], failed["error"]["code"]) == ("failed", "upgrade_engine", "engine.silent")
    assert "cockpit-rhv upgrade --rollback" in failed["error"]["hint"]["text"]
    assert box.run("cockpit-rhv", "upgrade", "--image", images["dead"], check=False).returncode == 3
    box.run("cockpit-rhv", "upgrade", "--rollback", "--yes", limit_s=300)
    assert job_status(engine, job)["resumable"] is False
    assert config(engine) == BEFORE["config"]
    assert beside(engine) == BEFORE["files"]
    assert disks(engine) == disks(engine, "--inactive") == BEFORE["disks"]
    until("the host is up", lambda: host_status(engine), "up".__eq__, limit_s=60, every_s=1)
    assert data(engine)["hosts"] == BEFORE["data"]["hosts"]
    record = json.loads((box.root / "var/lib/cockpit-rhv/engine/deployment.json").read_text())
    assert not [path for path in record["leftovers"] if "previous" in path or "next" in path or "layer" in path]
