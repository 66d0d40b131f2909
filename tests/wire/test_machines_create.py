# SPDX-License-Identifier: Apache-2.0
"""Guests are made on a real libvirtd with real QEMU: from nothing, an ISO, an image; cancelled, killed, refused."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
import uuid as uuids
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING, Any

import libvirt
import pytest
from cockpit_rhv.create import clone as cloning
from cockpit_rhv.create import guest
from cockpit_rhv.create.clone import clone
from cockpit_rhv.create.guest import create
from cockpit_rhv.create.images import copy_image
from cockpit_rhv.create.making import remove_leftovers
from cockpit_rhv.deploy.drive import build_drive
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs.control import cancel_job
from cockpit_rhv.machines.removal import used_by_others

from tests.unit.jobs_support import PlainLauncher
from tests.wire.libvirt_daemon import MISSING, NOBODY, LibvirtDaemon
from tests.wire.test_machines_details import define, refusal
from tests.wire.test_machines_removal import change, with_pool

if TYPE_CHECKING:
    from tests.wire.helper_process import HelperProcess
    from tests.wire.live_jobs import Jobs

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))

HOSTILE = 'it\'s <b>&amp; "two" \N{SNOWMAN}\N{PARTY POPPER} {{ x }}'


def wanted(daemon: LibvirtDaemon, **changes: Any) -> dict[str, Any]:
    """Parameters of machines.create."""
    return {
        "name": "new",
        "source": {"kind": "empty", "path": None},
        "folder": str(daemon.folder),
        "disk_gib": 1,
        "memory_mib": 64,
        "vcpus": 1,
        "network": None,
        "firmware": "bios",
        "autostart": False,
        "start": True,
        "cloud": None,
        **changes,
    }


def image(daemon: LibvirtDaemon, name: str = "base.qcow2", size: str = "8M") -> str:
    """An image with something in it."""
    raw, path = daemon.folder / f"{name}.tmp", daemon.folder / name
    raw.write_bytes(os.urandom(3 * 1024 * 1024))
    os.truncate(raw, 8 * 1024 * 1024)
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, path], check=True)
    subprocess.run(["qemu-img", "resize", "-q", path, size], check=True)
    raw.unlink()
    shutil.chown(path, NOBODY, NOBODY)
    return str(path)


def same(one: str, other: str) -> bool:
    """Whether two images hold the same; the longer one's rest must be empty."""
    return subprocess.run(["qemu-img", "compare", "-q", one, other], check=False).returncode == 0


def stored(daemon: LibvirtDaemon, uuid: str) -> ET.Element:
    conn = libvirt.open(daemon.uri())
    try:
        return ET.fromstring(
            conn.lookupByUUIDString(uuid).XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE)
        )
    finally:
        conn.close()


def files(daemon: LibvirtDaemon) -> set[str]:
    """Disks and the like in the folder."""
    return {path.name for path in daemon.folder.iterdir() if path.suffix in (".qcow2", ".iso")}


def nothing_is_left(daemon: LibvirtDaemon, jobs: Jobs, before: set[str], name: str = "new") -> None:
    assert files(daemon) == before
    assert name not in [domain.name() for domain in jobs.conn.listAllDomains()]
    making = jobs.folder / "state" / "making"
    assert list(making.iterdir()) == []


def paths(answer: dict[str, Any]) -> dict[str, str]:
    """Code of what is wrong by field."""
    return {error["path"]: error["error"]["code"] for error in answer["errors"]}


def test_an_empty_guest_runs_and_is_as_it_should(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    answer = live.call("machines.create", **wanted(daemon, name=HOSTILE, autostart=True))
    assert (answer["errors"], answer["job"]) == ([], None)
    uuid = answer["uuid"]
    guest = live.until("machines", lambda state: state["machines"].get(uuid, {}).get("state") == "running")["machines"][
        uuid
    ]
    assert (guest["name"], guest["autostart"], guest["owner"]) == (HOSTILE, True, "local")
    root = stored(daemon, uuid)
    disk = root.find("devices/disk[@device='disk']/source")
    assert disk is not None
    path = Path(str(disk.get("file")))
    assert (path.parent, path.stat().st_mode & 0o777, path.stat().st_uid) == (daemon.folder, 0o600, NOBODY)
    info = json.loads(subprocess.check_output(["qemu-img", "info", "-U", "--output=json", path]))
    assert (info["format"], info["virtual-size"]) == ("qcow2", 1024**3)
    display = root.find("devices/graphics")
    assert display is not None
    assert (display.get("passwdValidTo"), display.get("listen")) == ("1970-01-01T00:00:01", "0.0.0.0")
    # a ticket opens the display: it was started with a password
    assert "password=" in live.call("machines.console", uuid=uuid, host="host.example.org")["content"]
    assert root.find("devices/channel/target[@name='org.qemu.guest_agent.0']") is not None
    assert root.find("devices/rng") is not None
    assert root.find("devices/serial[@type='pty']") is not None


def test_a_guest_from_an_iso_has_it_in_its_drive(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    iso = daemon.folder / "install me.iso"
    iso.write_bytes(bytes(64 * 1024))
    with_pool(daemon, daemon.folder)
    options = live.call("machines.create_options")
    assert {"path": str(iso), "name": "install me.iso", "pool": "images"} in options["isos"]
    assert str(daemon.folder) in [place["path"] for place in options["places"]]
    answer = live.call("machines.create", **wanted(daemon, source={"kind": "iso", "path": str(iso)}))
    drive = stored(daemon, answer["uuid"]).find("devices/disk[@device='cdrom']")
    assert drive is not None
    assert drive.find("source").get("file") == str(iso)  # type: ignore[union-attr]
    # libvirt knows the new volume, so that a removal finds it
    plan = live.call("machines.removal_plan", uuid=answer["uuid"])
    assert [disk["size_bytes"] is not None for disk in plan["disks"]] == [True]
    assert (daemon.folder / "new.qcow2").exists()


def test_nothing_is_overwritten(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    (daemon.folder / "new.qcow2").write_text("precious")
    (daemon.folder / "new-2.qcow2").symlink_to("/etc/hostname")
    hostname = Path("/etc/hostname").read_text()
    answer = live.call("machines.create", **wanted(daemon, start=False))
    source = stored(daemon, answer["uuid"]).find("devices/disk[@device='disk']/source")
    assert source is not None
    assert source.get("file") == str(daemon.folder / "new-3.qcow2")
    assert (daemon.folder / "new.qcow2").read_text() == "precious"
    assert Path("/etc/hostname").read_text() == hostname


def test_every_field_is_looked_at_before_anything_is_made(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    define(daemon, "taken")
    before = files(daemon)

    def wrong(**changes: Any) -> dict[str, str]:
        return paths(live.call("machines.create", **wanted(daemon, **changes)))

    assert wrong(name="taken", memory_mib=1, vcpus=0, disk_gib=0) == {
        "name": "create.name_taken",
        "memory_mib": "create.bounds",
        "vcpus": "create.bounds",
        "disk_gib": "create.bounds",
    }
    assert wrong(name="a\nb") == {"name": "create.name"}
    assert wrong(memory_mib=60_000_000, vcpus=4000) == {"memory_mib": "create.bounds", "vcpus": "create.bounds"}
    assert wrong(folder="/nowhere/at/all") == {"folder": "create.folder"}
    assert wrong(folder="relative") == {"folder": "create.folder"}
    users = daemon.folder / "users"
    users.mkdir()
    shutil.chown(users, 1000)
    assert wrong(folder=str(users)) == {"folder": "create.unsafe_folder"}
    assert wrong(network={"kind": "bridge", "name": "nobr0"}) == {"network": "create.no_network"}
    assert wrong(source={"kind": "iso", "path": "/nowhere.iso"}) == {"source.path": "image.not_found"}
    used = {"kind": "disk", "path": str(daemon.folder / "taken.qcow2")}
    assert wrong(source=used, disk_gib=None) == {"source.path": "image.used"}
    layer = daemon.folder / "layer.img"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", used["path"], "-F", "qcow2", layer], check=True)
    for kind in ("image", "disk"):
        source = {"kind": kind, "path": str(layer)}
        assert wrong(source=source, disk_gib=None) == {"source.path": "image.backed"}
    base = image(daemon, size="3G")
    assert wrong(source={"kind": "image", "path": base}, disk_gib=1) == {"disk_gib": "create.bounds"}
    cloud = {"hostname": "a b", "user": "Root!", "ssh_key": "", "password": "short"}
    assert wrong(cloud=cloud) == {"cloud.password": "secrets.root_password"}
    assert set(wrong(cloud={**cloud, "password": ""})) == {"cloud.hostname", "cloud.user", "cloud.ssh_key"}
    assert files(daemon) == before | {"base.qcow2"}


def test_a_guest_that_cannot_start_leaves_nothing(daemon: LibvirtDaemon, jobs: Jobs, live: HelperProcess) -> None:
    name = "n" * 200  # as long as a name may be: it starts
    answer = live.call("machines.create", **wanted(daemon, name=name))
    assert live.until("machines", lambda state: state["machines"].get(answer["uuid"], {}).get("state") == "running")
    live.call("machines.power_off", uuid=answer["uuid"])
    before = files(daemon)
    disk = daemon.folder / "locked.raw"
    disk.write_bytes(bytes(1024 * 1024))
    disk.chmod(0o000)  # QEMU, which is nobody here, may not open it
    params = wanted(daemon, source={"kind": "disk", "path": str(disk)}, disk_gib=None)
    assert refusal(live, "machines.create", **params).startswith("machine.")
    nothing_is_left(daemon, jobs, before)


def test_an_image_is_copied_grown_and_seeded(daemon: LibvirtDaemon, jobs: Jobs) -> None:
    base = image(daemon)
    cloud = {"hostname": "web1", "user": "admin", "ssh_key": "ssh-ed25519 AAAAC3Nz me@home", "password": "tr0ub4dor&3"}
    answer = jobs.run(create, wanted(daemon, source={"kind": "image", "path": base}, cloud=cloud, name=HOSTILE))
    assert answer["errors"] == []
    assert jobs.ended(answer["job"], "succeeded").guests == (answer["uuid"],)
    assert jobs.conn.lookupByUUIDString(answer["uuid"]).isActive()
    sources = [str(source.get("file")) for source in stored(daemon, answer["uuid"]).findall("devices/disk/source")]
    disk, seed = sources
    jobs.conn.lookupByUUIDString(answer["uuid"]).destroy()
    assert same(base, disk)
    info = json.loads(subprocess.check_output(["qemu-img", "info", "--output=json", disk]))
    assert (info["format"], info["virtual-size"], "backing-filename" in info) == ("qcow2", 1024**3, False)
    told = subprocess.check_output(
        ["xorriso", "-osirrox", "on", "-indev", seed, "-extract", "/", jobs.folder / "seed"], stderr=subprocess.STDOUT
    )
    user_data = (jobs.folder / "seed" / "user-data").read_text()
    assert user_data.startswith("#cloud-config\n"), told
    (user,) = json.loads(user_data.partition("\n")[2])["users"]
    assert user["ssh_authorized_keys"] == [cloud["ssh_key"]]
    assert user["passwd"].startswith("$6$")
    # the plaintext is nowhere
    assert not [path for path in jobs.folder.rglob("*") if path.is_file() and b"tr0ub4dor" in path.read_bytes()]


class SlowLauncher(PlainLauncher):
    """QEMU's tool copies 256 KiB a second, so that there is time to get between."""

    def launch(self, unit: str, folder: Path) -> None:
        module = folder / "private" / "lib" / "cockpit_rhv" / "deploy" / "converting.py"
        text = module.read_text()
        assert '"convert", "-p"' in text
        module.write_text(text.replace('"convert", "-p"', '"convert", "-p", "-r", "256K"'))
        super().launch(unit, folder)


@pytest.mark.parametrize("how", ["cancel", "kill"])
@pytest.mark.parametrize("what", ["create", "clone"])
def test_a_copy_that_is_cancelled_or_killed_leaves_nothing(
    daemon: LibvirtDaemon, jobs: Jobs, how: str, what: str
) -> None:
    base = image(daemon)
    original = define(daemon, "original")
    os.replace(base, daemon.folder / "original.qcow2")
    base = str(daemon.folder / "original.qcow2")
    jobs.launcher = SlowLauncher(jobs.launcher.environment)
    before = files(daemon)
    if what == "create":
        answer = jobs.run(create, wanted(daemon, source={"kind": "image", "path": base}))
    else:
        params = {"uuid": original, "name": "new", "folder": str(daemon.folder), "start": True}
        answer = jobs.run(clone, params)
    jobs.until_copying(answer["job"])
    assert files(daemon) - before == {"new.qcow2"}
    # who looks meanwhile removes nothing of what is being made, and is told so
    assert remove_leftovers(jobs.conn) == []
    used, unclear = used_by_others(jobs.conn, None)
    assert (used[str(daemon.folder / "new.qcow2")].id, unclear) == ("machine.disk.making", None)
    if how == "cancel":
        cancel_job(answer["job"], store=jobs.store, launcher=jobs.launcher)
        assert jobs.store.stored(answer["job"]).state == "cancelled"
    else:
        jobs.launcher.kill(jobs.store.stored(answer["job"]).unit)
        assert files(daemon) - before == {"new.qcow2"}
        deadline = time.monotonic() + 60
        # the kernel lets go of a dead process's lock after its memory, by which we know it
        while not (removed := remove_leftovers(jobs.conn)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert removed == [str(daemon.folder / "new.qcow2")]
    nothing_is_left(daemon, jobs, before)
    assert same(base, base)


def test_a_passwords_hash_is_written_where_root_alone_can_look(
    daemon: LibvirtDaemon, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = []

    def build(target: Path, content: dict[str, str]) -> None:
        places.append((target.parent.parent, target.parent.stat().st_mode & 0o777, target.parent.stat().st_uid))
        build_drive(target, content)

    monkeypatch.setattr(guest, "build_drive", build)
    cloud = {"hostname": "web1", "user": "admin", "ssh_key": "", "password": "tr0ub4dor&3"}
    answer = jobs.run(create, wanted(daemon, cloud=cloud, start=False))
    making = jobs.folder / "state" / "making"
    assert places == [(making, 0o700, 0)]
    assert list(making.iterdir()) == []
    seed = daemon.folder / "new-seed.iso"
    assert (seed.stat().st_mode & 0o777, seed.stat().st_uid) == (0o600, NOBODY)
    assert b"CD001" in seed.read_bytes()
    sources = stored(daemon, answer["uuid"]).findall("devices/disk/source")
    assert [source.get("file") for source in sources] == [str(daemon.folder / "new.qcow2"), str(seed)]


def test_disks_stay_when_libvirt_dies_with_the_guest_defined(
    daemon: LibvirtDaemon, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    define_xml = libvirt.virConnect.defineXML

    def last(conn: libvirt.virConnect, xml: str) -> libvirt.virDomain:
        define_xml(conn, xml)
        daemon.stop()
        return conn.lookupByName("new")

    monkeypatch.setattr(libvirt.virConnect, "defineXML", last)
    with pytest.raises(RhvError):
        jobs.run(create, wanted(daemon))
    monkeypatch.undo()
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(jobs.folder / "state"))
    making = jobs.folder / "state" / "making"
    assert [path.suffix for path in making.iterdir()] == [".json"]
    daemon.start()
    jobs.conn.close()
    jobs.conn = libvirt.open(daemon.uri())
    assert remove_leftovers(jobs.conn) == []
    assert list(making.iterdir()) == []
    # the guest is there, whole
    jobs.conn.lookupByName("new").create()


def test_a_disk_that_comes_while_others_are_copied_is_not_in_the_clone(
    daemon: LibvirtDaemon, jobs: Jobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = define(daemon, "original")
    late = "<disk type='file' device='disk'><source file='/late'/><target dev='vdz' bus='virtio'/></disk>"

    def copy(*args: Any) -> None:
        if "/late" not in ET.tostring(stored(daemon, uuid), "unicode"):
            change(daemon, uuid, "<devices>", f"<devices>{late}")
        copy_image(*args)

    monkeypatch.setattr(cloning, "copy_image", copy)
    params: dict[str, Any] = {"uuid": str(uuids.uuid4()), "original": uuid, "name": "new", "start": False}
    params["folder"] = str(daemon.folder)
    cloning.make_clone(jobs.conn, params, ProgressFile(None))
    assert "/late" not in ET.tostring(stored(daemon, params["uuid"]), "unicode")


def test_a_clone_shares_nothing_with_its_original(daemon: LibvirtDaemon, jobs: Jobs) -> None:
    uuid = define(daemon, "original")
    os.replace(image(daemon), daemon.folder / "original.qcow2")
    change(daemon, uuid, "<devices>", f"<devices><serial type='file'><source path='{daemon.folder}/said'/></serial>")
    answer = jobs.run(clone, {"uuid": uuid, "name": HOSTILE, "folder": str(daemon.folder), "start": False})
    assert answer["errors"] == []
    assert jobs.ended(answer["job"], "succeeded").guests == (answer["uuid"],)
    old, new = stored(daemon, uuid), stored(daemon, answer["uuid"])
    assert new.findtext("name") == HOSTILE
    assert new.findtext("uuid") == answer["uuid"] != uuid

    def values(path: str, name: str) -> list[list[str | None]]:
        return [[element.get(name) for element in root.findall(path)] for root in (old, new)]

    before, after = values("devices/interface/mac", "address")
    assert len(after) == len(before) == 1
    assert after != before
    before, after = values("devices/disk[@device='disk']/source", "file")
    assert before != after
    assert same(str(before[0]), str(after[0]))
    assert new.find("devices/serial[@type='file']") is None
    assert new.find("os/nvram") is None
    # what only libvirt knows is kept: the display's lock, and notes of others
    assert new.find("devices/graphics").get("passwd") == "s3cret77"  # type: ignore[union-attr]
    assert new.findtext("metadata/{http://example.org/note}note") == "keep me"
    # both run at once
    for one in (uuid, answer["uuid"]):
        jobs.conn.lookupByUUIDString(one).create()


def test_a_clone_is_planned_and_refused(daemon: LibvirtDaemon, live: HelperProcess, jobs: Jobs) -> None:
    uuid = define(daemon, "original")
    plan = live.call("machines.clone_plan", uuid=uuid)
    assert (plan["off"], plan["name"], plan["folder"]) == (True, "original-clone", str(daemon.folder))
    assert [(disk["target"], disk["copied"], disk["obstacle"]) for disk in plan["disks"]] == [("vda", True, None)]
    params = {"uuid": uuid, "name": "original", "folder": "/nowhere", "start": False}
    assert paths(live.call("machines.clone", **params)) == {"name": "create.name_taken", "folder": "create.folder"}
    live.call("machines.start", uuid=uuid)
    assert (
        refusal(live, "machines.clone", **{**params, "name": "new", "folder": str(daemon.folder)}) == "machine.not_off"
    )
    assert live.call("machines.clone_plan", uuid=uuid)["off"] is False
    live.call("machines.power_off", uuid=uuid)
    change(daemon, uuid, "<readonly/>", "<readonly/><shareable/>")
    (daemon.folder / "original.qcow2").unlink()
    assert live.call("machines.clone_plan", uuid=uuid)["disks"][0]["obstacle"]["id"] == "image.unreadable"
    assert refusal(live, "machines.clone", **{**params, "name": "new", "folder": str(daemon.folder)}) == "clone.disk"
