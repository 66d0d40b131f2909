# SPDX-License-Identifier: Apache-2.0
"""Builds the root file system of a test host once per suite and package list.

``python3 -m tests.testhost.root trixie`` builds ``build/roots/trixie`` unless it is up to date.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from appliance.builder import mirror
from appliance.builder.leftovers import remove_tree

BUILD = Path(__file__).resolve().parents[2] / "build"

# fmt: off
_PACKAGES = [
    "systemd", "systemd-sysv", "dbus", "dbus-user-session", "libpam-systemd", "sudo", "locales", "tzdata",
    "iproute2", "iputils-ping", "iputils-arping", "procps", "psmisc", "ca-certificates", "openssh-server",
    "network-manager", "nftables", "iptables", "cockpit-ws", "cockpit-bridge", "cockpit-system",
    "libvirt-daemon-system", "libvirt-clients", "qemu-system-x86", "qemu-utils", "dnsmasq-base", "python3",
    "python3-libvirt", "python3-psutil", "python3-jsonschema", "python3-cryptography", "python3-yaml",
    "python3-ansible-runner", "ansible-core", "xorriso", "openssl", "openssh-client", "libfaketime",
]
# fmt: on

_CONFIGURE = r"""
set -eu
root=$1
mkdir -p "$root/etc/cockpit" "$root/etc/libvirt"
# A container has no cgroup controllers to give to QEMU and no AppArmor of its own.
printf 'cgroup_controllers = [ ]\nsecurity_driver = "none"\n' >> "$root/etc/libvirt/qemu.conf"
printf 'en_US.UTF-8 UTF-8\nes_ES.UTF-8 UTF-8\n' > "$root/etc/locale.gen"
chroot "$root" locale-gen > /dev/null
# Nothing here may wait for, or call, the world outside.
for unit in apt-daily.timer apt-daily-upgrade.timer man-db.timer fstrim.timer e2scrub_all.timer \
    systemd-timesyncd.service dpkg-db-backup.timer logrotate.timer systemd-networkd-wait-online.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
rm -f "$root/etc/machine-id"
: > "$root/etc/machine-id"
"""


@dataclass(frozen=True)
class Suite:
    """A Debian release to build a host of. ``more``: packages only it has; ``asleep``: units a test wakes by itself."""

    name: str
    codename: str
    extra_suites: tuple[str, ...] = ()
    from_extra: tuple[str, ...] = ()
    more: tuple[str, ...] = field(default=(), repr=False)
    asleep: tuple[str, ...] = field(default=(), repr=False)

    @property
    def packages(self) -> list[str]:
        return [*_PACKAGES, *self.more]

    @property
    def configure(self) -> str:
        """Script, with the root as its argument."""
        return _CONFIGURE + "".join(f'ln -sf /dev/null "$root/etc/systemd/system/{unit}"\n' for unit in self.asleep)


SUITES = {
    # A firewall as Enterprise Linux has it, for tests/host/test_firewalld.py; for all others it is not there.
    "trixie": Suite("trixie", "trixie", more=("firewalld",), asleep=("firewalld.service",)),
    "bookworm": Suite("bookworm", "bookworm"),
}


def _key(suite: Suite) -> str:
    recipe = "\n".join([repr(suite), " ".join(suite.packages), suite.configure])
    return hashlib.sha256(recipe.encode()).hexdigest()


def build(suite_name: str) -> Path:
    """Return the root of ``suite_name``, built if its recipe changed. Raises CalledProcessError."""
    suite = SUITES[suite_name]
    root = BUILD / "roots" / suite.name
    stamp = root.with_suffix(".key")
    root.parent.mkdir(parents=True, exist_ok=True)
    with root.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if root.is_dir() and stamp.is_file() and stamp.read_text() == _key(suite):
            return root
        stamp.unlink(missing_ok=True)
        if root.exists():
            remove_tree(root)
        archives = BUILD / "cache" / "apt" / suite.name
        archives.mkdir(parents=True, exist_ok=True)
        configure = BUILD / "roots" / "configure.sh"
        configure.write_text(suite.configure)
        command = [
            "mmdebstrap",
            "--variant=apt",
            "--mode=root",
            "--components=main",
            f"--include={','.join(suite.packages)}",
            # A root that was not finished is built anew: nothing is gained by syncing each file to disk.
            "--dpkgopt=force-unsafe-io",
            "--dpkgopt=path-exclude=/usr/share/doc/*",
            "--dpkgopt=path-exclude=/usr/share/man/*",
            '--aptopt=Acquire::Languages "none"',
            '--aptopt=Apt::Install-Recommends "false"',
            # Packages are kept between builds, so that only what changed is fetched again.
            "--skip=download/empty",
            "--skip=essential/unlink",
            "--skip=cleanup/apt/cache",
            f'--setup-hook=mkdir -p "$1"/var/cache/apt/archives && cp -a {archives}/. "$1"/var/cache/apt/archives/',
            f'--customize-hook=cp -a "$1"/var/cache/apt/archives/*.deb {archives}/',
            '--customize-hook=rm -f "$1"/var/cache/apt/archives/*.deb',
            f'--customize-hook=sh {configure} "$1"',
            *[f"--aptopt={option}" for option in mirror.apt_options()],
            suite.codename,
            str(root),
            "-",
        ]
        subprocess.run(command, input=mirror.sources(suite.codename, suite.extra_suites), text=True, check=True)
        stamp.write_text(_key(suite))
    return root


def main() -> None:
    """Command line: build the roots named, one after the other."""
    parser = argparse.ArgumentParser(description="Build root file systems of test hosts.")
    parser.add_argument("suite", nargs="+", choices=sorted(SUITES))
    for name in parser.parse_args().suite:
        print(build(name))


if __name__ == "__main__":
    main()
