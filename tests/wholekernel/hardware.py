# SPDX-License-Identifier: Apache-2.0
"""The hardware of a guest and its kernel's command line: a saved memory fits only what it was saved from."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wholekernel.image import Image
    from tests.wholekernel.machine import Machine

# Cards keep the kernel's own names; the image's unit ``wholekernel-identity`` reads the words that begin with wk.
_KERNEL = (
    "root=/dev/vda rw console=ttyS0 quiet mitigations=off net.ifnames=0 audit=0 apparmor=0 no_timer_check "
    "random.trust_cpu=on systemd.machine_id={machine_id} wk.name={name} wk.net={net} wk.key={key}"
)


def command(machine: Machine, image: Image, disk: Path, public_key: Path, taps: list[str], qmp: Path) -> list[str]:
    """QEMU's argv. ``disk``: qcow2; ``taps``: a name for each card, in their order; ``qmp``: socket to be made."""
    net = ",".join(f"eth{number}:{card.address}" for number, card in enumerate(machine.cards) if card.address)
    key = base64.b64encode(public_key.read_bytes()).decode()
    words = _KERNEL.format(machine_id=machine.uuid.replace("-", ""), name=machine.name, net=net, key=key)
    command = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"]
    command += ["-smp", str(machine.cpus), "-m", str(machine.memory_mib), "-uuid", machine.uuid]
    command += ["-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio"]
    command += ["-kernel", str(image.kernel), "-initrd", str(image.initramfs), "-append", words]
    # Of a NVMe disk QEMU saves no state.
    command += ["-drive", f"file={disk},if=none,id=disk,cache=unsafe", "-device", "virtio-blk-pci,drive=disk"]
    command += ["-device", "virtio-rng-pci", "-qmp", f"unix:{qmp},server=on,wait=off"]
    for number, tap in enumerate(taps):
        command += ["-netdev", f"tap,id=net{number},ifname={tap},script=no,downscript=no"]
        command += ["-device", f"virtio-net-pci,netdev=net{number},mac={machine.mac(number)},id=card{number}"]
    return command
