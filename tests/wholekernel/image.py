# SPDX-License-Identifier: Apache-2.0
"""The disk all whole-kernel guests start from, built once per recipe: Debian 13 with what any role needs.

``python3 -m tests.wholekernel.image`` builds ``build/wholekernel/image`` unless it is up to date.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from appliance.builder import base, mirror
from appliance.builder.leftovers import remove_tree
from tests.testhost.root import BUILD

FOLDER = BUILD / "wholekernel"
SUITE = "trixie"
_OVERLAY = Path(__file__).parent / "overlay"
_INITRAMFS = base.APPLIANCE / "initramfs"
_HOST_CONTROL = base.APPLIANCE.parent / "packaging/deb/control"
_SIZE = "6G"

# fmt: off
_PACKAGES = [
    # busybox makes up the initramfs, which is the appliance's.
    "linux-image-cloud-amd64", "busybox-static", "systemd", "systemd-sysv", "udev", "dbus", "kmod", "e2fsprogs",
    "procps", "psmisc", "iputils-arping", "openssh-server", "network-manager", "nftables",
    "cockpit-ws", "dnsmasq-base", "libvirt-clients", "lvm2", "open-iscsi", "multipath-tools", "sanlock", "nfs-common",
    "libvirt-daemon-driver-storage-iscsi", "libvirt-daemon-driver-storage-iscsi-direct",
    "libvirt-daemon-driver-storage-mpath", "libvirt-daemon-driver-storage-disk",
    "libvirt-daemon-driver-storage-logical", "libvirt-daemon-driver-storage-scsi",
    "libvirt-daemon-plugin-sanlock", "libvirt-daemon-plugin-lockd",
    "nfs-kernel-server", "targetcli-fb",
]
# fmt: on

# What costs time at boot or calls the world outside; the services of a role are switched on where it is set up.
_CONFIGURE = r"""
set -eu
root=$1
for unit in apt-daily.timer apt-daily-upgrade.timer man-db.timer fstrim.timer e2scrub_all.timer e2scrub_reap.service \
    dpkg-db-backup.timer logrotate.timer NetworkManager-wait-online.service systemd-timesyncd.service \
    systemd-networkd.service systemd-networkd-wait-online.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
for unit in nfs-server.service nfs-blkmap.service rtslib-fb-targetctl.service targetclid.socket \
    libvirtd.service libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirt-guests.service \
    virtlogd.socket virtlockd.socket sanlock.service wdmd.service multipathd.service multipathd.socket \
    iscsid.service iscsid.socket open-iscsi.service cockpit.socket; do
    # Not every release has every one of them.
    if [ -e "$root/usr/lib/systemd/system/$unit" ]; then
        chroot "$root" systemctl --quiet disable "$unit"
    fi
done
chroot "$root" systemctl --quiet enable wholekernel-identity.service
chroot "$root" systemctl --quiet set-default multi-user.target
chroot "$root" ssh-keygen -q -A
rm -f "$root/etc/machine-id" "$root/var/lib/dbus/machine-id" "$root/etc/iscsi/initiatorname.iscsi"
: > "$root/etc/machine-id"
: > "$root/etc/fstab"
"""


@dataclass(frozen=True)
class Image:
    """A built image: raw disk with one ext4 file system on the whole of it, kernel, initramfs, key of its recipe."""

    key: str
    disk: Path
    kernel: Path
    initramfs: Path


def packages() -> list[str]:
    """What is installed: the list and all that our package depends on, so that the guest needs no way out."""
    control = _HOST_CONTROL.read_text().splitlines()
    depends = next(line.partition(":")[2] for line in control if line.startswith("Depends:"))
    return sorted({*_PACKAGES, *(entry.split("|")[0].split("(")[0].strip() for entry in depends.split(","))})


def _key() -> str:
    digest = hashlib.sha256("\n".join([SUITE, _SIZE, _CONFIGURE, *packages()]).encode())
    files = [*_INITRAMFS.iterdir(), *(path for path in _OVERLAY.rglob("*") if path.is_file())]
    for source in sorted(files):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return digest.hexdigest()[:16]


def _image(folder: Path, key: str) -> Image:
    return Image(key, folder / "disk.raw", folder / "vmlinuz", folder / "initrd.img")


def build() -> Image:
    """Return the image, built unless one of the same recipe is there. Raises CalledProcessError."""
    key = _key()
    folder = FOLDER / f"image-{key}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / "image.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            for old in FOLDER.glob("image-*"):
                shutil.rmtree(old)
            unfinished = FOLDER / "unfinished"
            if unfinished.exists():
                remove_tree(unfinished)
            unfinished.mkdir()
            _make(unfinished, key)
            unfinished.rename(folder)
    return _image(folder, key)


def _make(folder: Path, key: str) -> None:
    image, tree = _image(folder, key), folder / "tree"
    _mmdebstrap(tree, folder)
    boot = tree / "boot"
    shutil.copyfile(next(boot.glob("vmlinuz-*")), image.kernel)
    shutil.copyfile(next(boot.glob("initrd.img-*")), image.initramfs)
    # No journal: a guest's disk is thrown away with it.
    command = ["mke2fs", "-q", "-F", "-t", "ext4", "-m", "0", "-O", "^has_journal,^metadata_csum_seed,^orphan_file"]
    subprocess.run([*command, "-d", str(tree), str(image.disk), _SIZE], check=True)
    remove_tree(tree)


def _mmdebstrap(tree: Path, folder: Path) -> None:
    archives = BUILD / "cache" / "apt" / "wholekernel"
    archives.mkdir(parents=True, exist_ok=True)
    initramfs, configure = folder / "initramfs.deb", folder / "configure.sh"
    subprocess.run([_INITRAMFS / "build", initramfs], check=True)
    configure.write_text(_CONFIGURE)
    command = [
        "mmdebstrap",
        "--variant=minbase",
        "--mode=root",
        "--components=main",
        f"--include={','.join(packages())}",
        "--dpkgopt=force-unsafe-io",
        "--dpkgopt=path-exclude=/usr/share/doc/*",
        "--dpkgopt=path-exclude=/usr/share/man/*",
        "--dpkgopt=path-exclude=/usr/share/locale/*",
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=Apt::Install-Recommends "false"',
        *[f"--aptopt={option}" for option in mirror.apt_options()],
        # Packages are kept between builds, so that only what changed is fetched again.
        "--skip=download/empty",
        "--skip=essential/unlink",
        "--skip=cleanup/apt/cache",
        f'--setup-hook=mkdir -p "$1"/var/cache/apt/archives && cp -a {archives}/. "$1"/var/cache/apt/archives/',
        # Before the kernel's package, which would bring initramfs-tools otherwise.
        f'--essential-hook=cp {initramfs} "$1"/tmp/initramfs.deb',
        '--essential-hook=chroot "$1" dpkg --install /tmp/initramfs.deb && rm "$1"/tmp/initramfs.deb',
        f'--customize-hook=cp -a "$1"/var/cache/apt/archives/*.deb {archives}/',
        '--customize-hook=rm -f "$1"/var/cache/apt/archives/*.deb "$1"/var/cache/apt/*.bin',
        f'--customize-hook=cp -R --no-preserve=ownership {_OVERLAY}/. "$1"',
        f'--customize-hook=sh {configure} "$1"',
        SUITE,
        str(tree),
        "-",
    ]
    subprocess.run(command, input=mirror.sources(SUITE), text=True, check=True)


if __name__ == "__main__":
    print(build().disk)
