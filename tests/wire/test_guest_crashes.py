# SPDX-License-Identifier: Apache-2.0
"""A guest whose system has crashed and whose QEMU is kept, on a real libvirtd: it is not off, and there is a way on."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import libvirt
import pytest

from tests.wire.libvirt_daemon import MISSING, NOBODY
from tests.wire.test_machines_details import refusal
from tests.wire.test_machines_live import act, guest_is

if TYPE_CHECKING:
    from tests.wire.helper_process import HelperProcess
    from tests.wire.libvirt_daemon import LibvirtDaemon

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))

#: A boot sector that tells the panic device of QEMU that the system has crashed:
#: mov dx,505h; mov al,1; out dx,al; hlt; jmp back to hlt
PANIC = bytes.fromhex("ba0505 b001 ee f4 ebfd").ljust(510, b"\0") + b"\x55\xaa"
GUEST = """
<domain type='qemu'><name>{name}</name><memory unit='MiB'>32</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <on_crash>preserve</on_crash>
  <devices>
    <disk type='file'><driver name='qemu' type='raw'/><source file='{disk}'/><target dev='hda'/></disk>
    <graphics type='vnc' port='-1'/>
    <memballoon model='none'/>
    <panic model='isa'/>
  </devices>
</domain>
"""


def crashed(daemon: LibvirtDaemon, live: HelperProcess, name: str) -> tuple[str, dict[str, Any]]:
    """Uuid of a guest that has been started and has crashed, and how the list has it."""
    disk = daemon.folder / f"{name}.raw"
    disk.write_bytes(PANIC.ljust(1024 * 1024, b"\0"))
    shutil.chown(disk, NOBODY, NOBODY)
    conn = libvirt.open(daemon.uri())
    uuid: str = conn.defineXML(GUEST.format(name=name, disk=disk)).UUIDString()
    conn.close()
    guest_is(live, uuid, "shut_off")
    act(live, "start", uuid)
    return uuid, guest_is(live, uuid, "crashed")


def test_it_is_powered_off_and_not_taken_for_off(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid, guest = crashed(daemon, live, "one")
    assert guest["reason"] == "panicked"
    assert "live" in live.subscribe(f"machine/{uuid}").state
    assert live.call("machines.removal_plan", uuid=uuid)["off"] is False
    assert refusal(live, "machines.remove", uuid=uuid, paths=[str(daemon.folder / "one.raw")]) == "machine.not_off"
    assert (daemon.folder / "one.raw").exists()
    assert act(live, "start", uuid) == [(uuid, "failed", "machine.wrong_state")]
    assert act(live, "power_off", uuid) == [(uuid, "done", None)]
    assert guest_is(live, uuid, "shut_off")["reason"] == "destroyed"


def test_its_reset_button_starts_it_anew(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid, _ = crashed(daemon, live, "one")
    # What it boots now stays up.
    (daemon.folder / "one.raw").write_bytes(b"\0" * 1024 * 1024)
    assert act(live, "reset", uuid) == [(uuid, "done", None)]
    guest_is(live, uuid, "running")
