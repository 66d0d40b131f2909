# SPDX-License-Identifier: Apache-2.0
"""A BIOS-bootable disk image from a folder, without mounting anything and without a loop device.

``mke2fs`` fills the file system from the folder, GRUB's two boot images are put where its own installer would put them.
Containers and build machines often have no loop module; GRUB, unlike extlinux, needs no mounted file system.
"""

from __future__ import annotations

import os
import struct
import subprocess
import uuid
from pathlib import Path

VIRTUAL_SIZE = 3 * 1024**3
SECTOR = 512
PARTITION_START = 1024**2

_GRUB = Path("/usr/lib/grub/i386-pc")
_GRUB_MODULES = ("biosdisk", "part_msdos", "ext2", "linux", "normal", "configfile", "serial", "test", "echo", "reboot")
# GRUB 2.06 (Debian 12) reads neither of the first two; the appliance must be buildable there.
_EXT4_FEATURES = "^metadata_csum_seed,^orphan_file"


class ImageError(RuntimeError):
    """The image cannot be built; the text says why."""


def partition_table() -> bytes:
    """One active Linux partition from 1 MiB to the end. First and last cylinder values say: use the sector numbers."""
    start, count = PARTITION_START // SECTOR, (VIRTUAL_SIZE - PARTITION_START) // SECTOR
    entry = struct.pack("<B3sB3sII", 0x80, b"\xfe\xff\xff", 0x83, b"\xfe\xff\xff", start, count)
    return os.urandom(4) + b"\0\0" + entry + bytes(48) + b"\x55\xaa"


def write_boot_code(image: Path, boot: bytes, core: bytes) -> None:
    """Write GRUB's two parts and the partition table to the disk image."""
    if len(boot) != SECTOR:
        raise ImageError(f"GRUB's boot image has {len(boot)} bytes instead of {SECTOR}")
    if SECTOR + len(core) > PARTITION_START:
        raise ImageError(f"GRUB's core image does not fit before the partition: {len(core)} bytes")
    # The boot image loads the core image from sector 1 unless told otherwise, and that goes on at sector 2.
    with image.open("r+b") as stream:
        stream.write(boot[:440] + partition_table())
        stream.write(core)


def _grub_core(work: Path) -> bytes:
    if not (_GRUB / "boot.img").is_file():
        raise ImageError("GRUB for BIOS is missing: install grub-pc-bin and grub-common")
    core = work / "core.img"
    # Without a drive in the prefix it is the one the BIOS booted from, whatever else is attached.
    command = ["grub-mkimage", "-O", "i386-pc", "-p", "(,msdos1)/boot/grub", "-o", str(core), *_GRUB_MODULES]
    subprocess.run(command, check=True)
    return core.read_bytes()


_KERNEL = " ".join(
    (
        "rw rootflags=noatime,errors=remount-ro",
        "console=tty0 console=ttyS0,115200",
        # Linux's usual security modules but BPF's: systemd would load its library and a program at each boot, most of a
        # second under emulation, for RestrictFileSystems=, which no unit here sets.
        "lsm=landlock,lockdown,yama,apparmor",
        # An emulated timer on a busy host misses the kernel's check of it, which then tries others and may panic.
        "no_timer_check",
    )
)


def grub_config(identifier: str) -> str:
    """The boot menu: shown only to who presses Escape in time, on the serial line too."""
    kernel = f"root=UUID={identifier} {_KERNEL}"
    return f"""# Written when the appliance was built.
serial --unit=0 --speed=115200
terminal_input serial console
terminal_output serial console
set timeout_style=hidden
set timeout=0
set default=0
menuentry "cockpit-rhv engine" {{
    linux /vmlinuz {kernel} quiet
    initrd /initrd.img
}}
menuentry "cockpit-rhv engine, the kernel before" {{
    linux /vmlinuz.old {kernel}
    initrd /initrd.img.old
}}
"""


def write(tree: Path, work: Path, target: Path) -> None:
    """Make ``target``, a compressed qcow2, from ``tree``, which gets its boot menu and fstab here."""
    core = _grub_core(work)
    identifier = str(uuid.uuid4())
    (tree / "boot/grub").mkdir(parents=True, exist_ok=True)
    (tree / "boot/grub/grub.cfg").write_text(grub_config(identifier))
    (tree / "etc/fstab").write_text(
        "# The root file system is mounted by the initramfs; see its rootflags in /boot/grub/grub.cfg.\n"
    )
    disk = work / "disk.raw"
    disk.unlink(missing_ok=True)
    with disk.open("wb") as image:
        image.truncate(VIRTUAL_SIZE)
    blocks = (VIRTUAL_SIZE - PARTITION_START) // 4096
    command = ["mke2fs", "-q", "-F", "-t", "ext4", "-b", "4096", "-m", "1", "-L", "rhv-engine", "-U", identifier]
    command += ["-O", _EXT4_FEATURES, "-E", f"offset={PARTITION_START},lazy_itable_init=1,nodiscard", "-d", str(tree)]
    subprocess.run([*command, str(disk), str(blocks)], check=True)
    write_boot_code(disk, (_GRUB / "boot.img").read_bytes(), core)
    # zstd unpacks with a quarter of zlib's work, and the engine VM runs from the compressed clusters.
    options = "compression_type=zstd"
    convert = ["qemu-img", "convert", "-c", "-O", "qcow2", "-o", options, "-m", "8", "-W", str(disk), str(target)]
    subprocess.run(convert, check=True)
    disk.unlink()
