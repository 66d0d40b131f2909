# SPDX-License-Identifier: Apache-2.0
"""A virtual machine of 512 bytes: it boots from its disk, writes to that disk and says on the serial line how it went.

Linux would need minutes under emulation inside emulation; this proves the same of a disk.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wholekernel.guest import Guest

#: Writes itself to the disk's second sector by the BIOS, then "!" to the serial port, or "?" when the BIOS refused:
#: xor ax,ax; mov ds,ax; mov es,ax; mov ss,ax; mov sp,7c00h; mov bx,7c00h; mov ax,0301h; mov cx,2; mov dh,0; int 13h;
#: mov al,'!'; jnc 1; mov al,'?'; 1: mov dx,3f8h; out dx,al; 2: hlt; jmp 2
SECTOR = (
    bytes.fromhex("31c0 8ed8 8ec0 8ed0 bc007c bb007c b80103 b90200 b600 cd13 b021 7302 b03f baf803 ee f4 ebfd").ljust(
        510, b"\0"
    )
    + b"\x55\xaa"
)

_DOMAIN = """
<domain type='qemu'>
  <name>{name}</name>
  <memory unit='MiB'>32</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type></os>
  <devices>
    <disk type='volume' device='disk'>
      <driver name='qemu' type='raw' cache='none'/>
      <source pool='{pool}' volume='{volume}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
    <serial type='file'><source path='{serial}'/><target port='0'/></serial>
    <memballoon model='none'/>
  </devices>
</domain>
"""


@contextmanager
def running(host: Guest, name: str, pool: str, volume: str, limit_s: int = 120) -> Iterator[str]:
    """The machine on a volume that holds :data:`SECTOR`, switched off and forgotten at the end.

    Yields what it said: "!" is well, nothing that it did not boot within ``limit_s``.
    """
    serial = f"/var/log/libvirt/qemu/{name}.serial"
    xml = _DOMAIN.format(name=name, pool=pool, volume=volume, serial=serial)
    host.run(f"rm -f {serial}; cat > /tmp/{name}.xml && virsh --quiet define /tmp/{name}.xml", input=xml)
    try:
        host.run(f"rm /tmp/{name}.xml && virsh --quiet start {name}")
        wait = f"timeout {limit_s} sh -c 'until grep -q [?!] {serial}; do sleep 0.3; done'; cat {serial}"
        yield host.run(wait, limit_s=limit_s + 60).stdout.strip()
    finally:
        host.run(f"virsh --quiet destroy {name}; virsh --quiet undefine {name}")
