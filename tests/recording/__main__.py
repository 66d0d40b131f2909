# SPDX-License-Identifier: Apache-2.0
"""``python3 -m tests.recording [root] [guest]``, as root: records anew, in a Debian root and in a guest.

All that is made lies in ``build/recording``; a root that is there is used again.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from appliance.builder import mirror
from tests.testhost.root import BUILD
from tests.wholekernel import qmp

_HERE = Path(__file__).parent
_RECORDED = _HERE.parent / "unit" / "recorded"
WORK = BUILD / "recording"
ROOT, SHARE = WORK / "root", WORK / "share"
#: Seconds; under emulation on two busy processors.
_LIMIT_S = 3600

# fmt: off
_PACKAGES = [
    "linux-image-amd64", "initramfs-tools", "zstd", "systemd", "systemd-sysv", "udev", "dbus", "kmod", "e2fsprogs",
    "procps", "python3", "lvm2", "thin-provisioning-tools", "multipath-tools", "smartmontools", "sdparm",
    "systemd-coredump", "dnf", "createrepo-c", "rpm",
]
# fmt: on
_UNIT = """[Unit]
After=multi-user.target
[Service]
ExecStartPre=/bin/mkdir -p /share
ExecStartPre=/bin/mount -t 9p -o trans=virtio,version=9p2000.L share /share
ExecStart=/bin/bash -c '/bin/bash /share/in_guest.sh > /share/said 2>&1; echo $? > /share/ended'
ExecStopPost=/bin/systemctl poweroff --force --force
[Install]
WantedBy=multi-user.target
"""
#: What would print between, or hold up the boot.
_OFF = ("multipathd.service", "multipathd.socket", "smartmontools.service", "dnf-makecache.timer")
_KERNEL = (
    "root=/dev/vda rw console=ttyS0 rootdelay=400 mitigations=off audit=0 apparmor=0 no_timer_check random.trust_cpu=on"
)
#: QEMU's devices by the name of their disk; ``vdb`` is for LVM.
_DEVICES = {
    "vdb": "virtio-blk-pci,serial=vdb",
    "ata": "ide-hd,bus=ide.0,serial=ATA-1",
    "nvme": "nvme,serial=NVME-1",
    # Above its temperature, by its own account.
    "nvme_ill": "nvme,serial=NVME-2,smart_critical_warning=2",
    "scsi": "scsi-hd,bus=scsibus.0,serial=SCSI-1",
    "usb": "usb-storage",
}


def main() -> None:
    """Record what was asked for, or all."""
    wanted = sys.argv[1:] or ["root", "guest"]
    shutil.rmtree(SHARE, ignore_errors=True)
    SHARE.mkdir(parents=True)
    for script in _HERE.glob("*.sh"):
        shutil.copy(script, SHARE)
    first, *later = mirror.sources("trixie").splitlines(keepends=True)
    (SHARE / "later.list").write_text("".join(later))
    if not ROOT.exists():
        _build(first)
    if "root" in wanted:
        _in_root()
    if "guest" in wanted:
        _in_guest()
    shutil.copytree(SHARE / "out", _RECORDED, dirs_exist_ok=True)


def _build(source: str) -> None:
    """The bare release, without what was published since."""
    unfinished = WORK / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    modules = '"$1"/etc/initramfs-tools'
    command = [
        *("mmdebstrap", "--variant=apt", "--mode=root", "--components=main", f"--include={','.join(_PACKAGES)}"),
        *("--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*"),
        *('--aptopt=Acquire::Languages "none"', '--aptopt=Apt::Install-Recommends "false"'),
        *(f"--aptopt={option}" for option in mirror.apt_options()),
        # All modules there are would take minutes.
        f"--essential-hook=mkdir -p {modules}/conf.d && echo MODULES=list > {modules}/conf.d/modules"
        f" && printf 'virtio_pci\\nvirtio_blk\\next4\\n' > {modules}/modules",
        *("trixie", str(unfinished), "-"),
    ]
    subprocess.run(command, input=source, text=True, check=True)
    unfinished.rename(ROOT)


def _in_root() -> None:
    mounts = 'mkdir -p "$1/share" && mount --bind "$2" "$1/share" && mount -t proc proc "$1/proc"'
    script = f'{mounts} && exec chroot "$1" /bin/bash /share/in_root.sh'
    subprocess.run(["unshare", "--mount", "sh", "-c", script, "sh", str(ROOT), str(SHARE)], check=True)


def _in_guest() -> None:
    system = ROOT / "etc/systemd/system"
    (system / "recording.service").write_text(_UNIT)
    subprocess.run(["systemctl", "--root", str(ROOT), "--quiet", "enable", "recording.service"], check=True)
    subprocess.run(["systemctl", "--root", str(ROOT), "--quiet", "disable", *_OFF], check=True)
    (ROOT / "etc/fstab").write_text("")
    with tempfile.TemporaryDirectory(prefix="rhv-recording-") as folder:
        place = Path(folder)
        disk = place / "disk"
        subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(ROOT), str(disk), "4G"], check=True)
        with (WORK / "serial.log").open("wb") as log:
            guest = subprocess.Popen(_command(place, disk), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            _serve(guest, place / "qmp")
        finally:
            guest.kill()
            guest.wait()
    ended, said = SHARE / "ended", SHARE / "said"
    print(said.read_text() if said.exists() else "The guest did not get as far as the script.")
    if not ended.exists() or ended.read_text().strip() != "0":
        raise SystemExit(f"not all was recorded, see {WORK / 'serial.log'}")


def _serve(guest: subprocess.Popen[bytes], socket: Path) -> None:
    """Do what the script asks of the machine below it, until the guest is switched off."""
    asked, end = SHARE / "monitor", time.monotonic() + _LIMIT_S
    while guest.poll() is None and time.monotonic() < end:
        if asked.exists():
            line = asked.read_text().strip()
            print(line, qmp.execute(socket, "human-monitor-command", 60, **{"command-line": line}))
            asked.unlink()
        time.sleep(0.5)


def _command(place: Path, disk: Path) -> list[str]:
    boot = ROOT / "boot"
    command = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"]
    command += ["-smp", "2", "-m", "1280", "-nodefaults", "-no-user-config", "-display", "none", "-serial", "stdio"]
    command += ["-kernel", str(next(boot.glob("vmlinuz-*"))), "-initrd", str(next(boot.glob("initrd.img-*")))]
    command += ["-append", _KERNEL, "-qmp", f"unix:{place / 'qmp'},server=on,wait=off"]
    command += ["-virtfs", f"local,path={SHARE},mount_tag=share,security_model=none"]
    command += ["-drive", f"file={disk},format=raw,if=virtio,cache=unsafe"]
    command += ["-device", "virtio-scsi-pci,id=scsibus", "-device", "qemu-xhci", "-device", "virtio-rng-pci"]
    command += ["-device", "pcie-root-port,id=port0,chassis=9"]
    for name, device in _DEVICES.items():
        with (place / name).open("wb") as file:
            file.truncate(8 * 2**30 if name == "vdb" else 64 * 2**20)
        command += ["-drive", f"file={place / name},format=raw,if=none,id={name},cache=unsafe"]
        command += ["-device", f"{device},drive={name}"]
    return command


if __name__ == "__main__":
    main()
