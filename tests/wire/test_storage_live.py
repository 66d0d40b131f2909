# SPDX-License-Identifier: Apache-2.0
"""Storage on a real libvirtd: pools and volumes come, change and go, and nothing is lost that somebody needs."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import libvirt
import pytest

from tests.wire.helper_process import HelperProcess, RpcFailure
from tests.wire.libvirt_daemon import MISSING, NOBODY, LibvirtDaemon
from tests.wire.test_machines_details import refusal
from tests.wire.test_machines_removal import change

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))

MIB = 1024 * 1024


def folder(daemon: LibvirtDaemon, name: str) -> Path:
    """A folder that the daemon may write to."""
    path = daemon.folder / name
    path.mkdir()
    shutil.chown(path, NOBODY, NOBODY)
    return path


def create(live: HelperProcess, name: str, path: Path) -> str:
    """A pool of that folder, through the helper; returns its uuid."""
    pool: str = live.call("storage.create", name=name, kind="dir", target=str(path), autostart=False)["pool"]
    return pool


def pool_is(live: HelperProcess, uuid: str, **wanted: Any) -> dict[str, Any]:
    """Wait until the pool is so; returns it."""

    def so(state: dict[str, Any]) -> bool:
        pool = state["pools"].get(uuid)
        return pool is not None and all(pool.get(key) == value for key, value in wanted.items())

    found: dict[str, Any] = live.until("storage", so)["pools"][uuid]
    return found


@pytest.fixture
def storage(live: HelperProcess) -> HelperProcess:
    """A helper that follows the daemon's pools."""
    live.subscribe("storage")
    live.until("storage", lambda state: state["complete"])
    return live


def test_what_others_do_with_pools_is_seen(daemon: LibvirtDaemon, storage: HelperProcess) -> None:
    path = folder(daemon, "images")
    conn = libvirt.open(daemon.uri())
    try:
        text = f"<pool type='dir'><name>it's &lt;one&gt;</name><target><path>{path}</path></target></pool>"
        pool = conn.storagePoolDefineXML(text)
        uuid = pool.UUIDString()
        seen = pool_is(storage, uuid, state="inactive")
        assert (seen["name"], seen["kind"], seen["target"]) == ("it's <one>", "dir", str(path))
        assert "capacity_bytes" not in seen
        pool.create()
        seen = pool_is(storage, uuid, state="active")
        total = os.statvfs(path).f_blocks * os.statvfs(path).f_frsize
        assert seen["capacity_bytes"] == total
        assert seen["capacity_bytes"] == seen["allocation_bytes"] + seen["available_bytes"]
        pool.destroy()
        pool_is(storage, uuid, state="inactive")
        pool.undefine()
        storage.until("storage", lambda state: uuid not in state["pools"])
    finally:
        conn.close()
    assert storage.close() == 0


def test_a_pool_from_its_creation_to_its_removal(daemon: LibvirtDaemon, storage: HelperProcess) -> None:
    path = folder(daemon, "parent") / "disks"
    uuid = create(storage, "disks", path)
    assert path.is_dir()
    pool_is(storage, uuid, state="active", autostart=False)
    for action, wanted in (("autostart_on", True), ("autostart_off", False)):
        storage.call("storage.act", pool=uuid, action=action)
        pool_is(storage, uuid, autostart=wanted)
    (path / "kept.raw").write_bytes(b"kept")
    assert refusal(storage, "storage.act", pool=uuid, action="remove") == "storage.active"
    storage.call("storage.act", pool=uuid, action="deactivate")
    storage.call("storage.act", pool=uuid, action="deactivate")  # it is off already
    pool_is(storage, uuid, state="inactive")
    storage.call("storage.act", pool=uuid, action="activate")
    pool_is(storage, uuid, state="active")
    storage.call("storage.act", pool=uuid, action="deactivate")
    storage.call("storage.act", pool=uuid, action="remove")
    storage.until("storage", lambda state: uuid not in state["pools"])
    assert (path / "kept.raw").read_bytes() == b"kept"
    assert refusal(storage, "storage.act", pool=uuid, action="activate") == "storage.no_pool"


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"name": "a b", "kind": "dir", "target": "/x"}, "storage.bad_name"),
        ({"name": "-o", "kind": "dir", "target": "/x"}, "storage.bad_name"),
        ({"name": "a", "kind": "dir", "target": "x"}, "storage.bad_path"),
        ({"name": "a", "kind": "dir", "target": "/x/../etc"}, "storage.bad_path"),
        ({"name": "a", "kind": "dir", "target": "/x\n"}, "storage.bad_path"),
        ({"name": "a", "kind": "dir"}, "storage.bad_path"),
        ({"name": "a", "kind": "netfs", "target": "/x", "source": "/y", "host": "a;b"}, "storage.bad_path"),
        ({"name": "a", "kind": "netfs", "target": "/x", "source": "/y", "host": "-o"}, "storage.bad_path"),
        ({"name": "a", "kind": "iscsi", "host": "h", "source": "/dev/sda"}, "storage.bad_path"),
        ({"name": "a", "kind": "logical", "source": "../etc"}, "storage.bad_path"),
        ({"name": "a", "kind": "logical", "source": ".."}, "storage.bad_path"),
    ],
)
def test_what_cannot_be_a_pool_is_refused(storage: HelperProcess, wanted: dict[str, Any], code: str) -> None:
    assert refusal(storage, "storage.create", autostart=False, **wanted) == code
    assert storage.topics["storage"].state["pools"] == {}


def test_a_pool_that_cannot_be_activated_leaves_nothing(daemon: LibvirtDaemon, storage: HelperProcess) -> None:
    file = daemon.folder / "file"
    file.write_text("no folder")
    with pytest.raises(RpcFailure) as caught:
        create(storage, "broken", file)
    assert caught.value.data["detail"]
    conn = libvirt.open(daemon.uri())
    try:
        assert conn.listAllStoragePools() == []
    finally:
        conn.close()
    path = folder(daemon, "one")
    create(storage, "one", path)
    assert refusal(storage, "storage.create", name="one", kind="dir", target=str(path), autostart=False) == (
        "storage.pool_exists"
    )


def test_volumes_come_and_go(daemon: LibvirtDaemon, storage: HelperProcess) -> None:
    uuid = create(storage, "images", folder(daemon, "images"))
    storage.subscribe(f"pool/{uuid}")
    storage.until(f"pool/{uuid}", lambda state: state["complete"])
    wanted = {"pool": uuid, "format": "qcow2", "capacity_bytes": 10 * MIB, "full": False}
    storage.call("storage.volume_create", name="a.qcow2", **wanted)
    state = storage.until(f"pool/{uuid}", lambda state: "a.qcow2" in state["volumes"] and "usage_error" not in state)
    seen = state["volumes"]["a.qcow2"]
    assert (seen["format"], seen["capacity_bytes"], seen["users"]) == ("qcow2", 10 * MIB, [])
    assert seen["allocation_bytes"] < MIB
    storage.call("storage.volume_create", **{**wanted, "name": "full.raw", "format": "raw", "full": True})
    assert (daemon.folder / "images" / "full.raw").stat().st_blocks * 512 >= 10 * MIB
    assert refusal(storage, "storage.volume_create", name="a.qcow2", **wanted) == "storage.volume_exists"
    for name in ("", "..", "a/b", ".hidden", "-o", "a\n", "é" * 101):
        assert refusal(storage, "storage.volume_create", name=name, **wanted) == "volume.bad_name"
    huge = {**wanted, "capacity_bytes": 2**52, "full": True}
    assert refusal(storage, "storage.volume_create", name="huge", **huge) == "storage.no_space"
    storage.call("storage.volume_remove", pool=uuid, name="a.qcow2")
    storage.until(f"pool/{uuid}", lambda state: "a.qcow2" not in state["volumes"])
    assert refusal(storage, "storage.volume_remove", pool=uuid, name="a.qcow2") == "storage.no_volume"


def test_a_volume_that_is_needed_stays(daemon: LibvirtDaemon, storage: HelperProcess) -> None:
    path = folder(daemon, "images")
    subprocess.run(["qemu-img", "create", "-q", "-f", "raw", path / "base.raw", "1M"], check=True)
    backed = ["-F", "raw", "-b", str(path / "base.raw"), str(path / "top.qcow2")]
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *backed], check=True)
    guest = daemon.define("owner", echo=True)
    change(daemon, guest, f"{daemon.folder}/owner.raw", f"{path}/top.qcow2")
    uuid = create(storage, "images", path)
    storage.subscribe(f"pool/{uuid}")

    def users(state: dict[str, Any]) -> list[str]:
        # by the guests' definitions, which are asked for by themselves
        return [user["name"] for user in state["volumes"].get("top.qcow2", {}).get("users", [])]

    state = storage.until(f"pool/{uuid}", lambda state: users(state) == ["owner"])
    assert state["volumes"]["top.qcow2"]["backing"] == f"{path}/base.raw"
    for name in ("top.qcow2", "base.raw"):
        with pytest.raises(RpcFailure) as caught:
            storage.call("storage.volume_remove", pool=uuid, name=name)
        assert caught.value.code == "volume.needed"
        assert caught.value.data["hint"]["id"] in ("machine.disk.shared", "machine.disk.base")
    daemon.undefine(guest)
    state = storage.until(f"pool/{uuid}", lambda state: state["volumes"]["top.qcow2"]["users"] == [])
    storage.call("storage.volume_remove", pool=uuid, name="top.qcow2")
    storage.call("storage.volume_remove", pool=uuid, name="base.raw")
    assert list(path.iterdir()) == []


def test_a_pool_under_a_running_guest_stays_active(daemon: LibvirtDaemon, storage: HelperProcess) -> None:
    path = folder(daemon, "images")
    guest = daemon.define("runs", echo=True)
    (daemon.folder / "runs.raw").rename(path / "runs.raw")
    change(daemon, guest, f"{daemon.folder}/runs.raw", f"{path}/runs.raw")
    uuid = create(storage, "images", path)
    storage.call("machines.start", uuid=guest)
    with pytest.raises(RpcFailure) as caught:
        storage.call("storage.act", pool=uuid, action="deactivate")
    assert caught.value.code == "storage.in_use"
    assert caught.value.data["message"]["params"] == {"guests": "runs"}
    storage.call("machines.power_off", uuid=guest)
    storage.call("storage.act", pool=uuid, action="deactivate")
