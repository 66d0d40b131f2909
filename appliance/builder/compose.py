# SPDX-License-Identifier: Apache-2.0
"""The appliance's root file system: the base root, our files, the engine's package, and the units that are wanted."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

APPLIANCE = Path(__file__).resolve().parents[1]
FIRSTBOOT = "usr/lib/rhv-engine-firstboot/firstboot"

_ENABLED = (
    "rhv-engine.service",
    "rhv-engine-firstboot.service",
    "rhv-engine-grow.service",
    "ssh.service",
    "systemd-networkd.service",
    "systemd-resolved.service",
    "systemd-timesyncd.service",
)
_MASKED = (
    # Nothing is upgraded behind the administrator's back: a Manager must not restart in the middle of its work.
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    # Nothing at boot waits for the network; the engine listens on all addresses, whenever they come.
    "systemd-networkd-wait-online.service",
    # A virtual machine has no firmware logs; its console is the serial line; it mounts nothing from elsewhere.
    "systemd-pstore.service",
    "getty@tty1.service",
    "remote-fs.target",
)


def _in(tree: Path, *command: str) -> None:
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    # In a mount namespace of its own: /proc is gone with the command, however it ends.
    script = 'mount -t proc proc "$1/proc" && exec chroot "$@"'
    wrapped = ["unshare", "--mount", "sh", "-c", script, "sh", str(tree), *command]
    subprocess.run(wrapped, check=True, env=environment, stdin=subprocess.DEVNULL)


def _install_engine(tree: Path, engine_deb: Path) -> None:
    inside = tree / "root/rhv-engine.deb"
    shutil.copy(engine_deb, inside)
    # No service is started while the image is built.
    policy = tree / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    _in(tree, "dpkg", "--install", "/root/rhv-engine.deb")
    policy.unlink()
    inside.unlink()


def _install_files(tree: Path) -> None:
    # mmdebstrap's own: the build machine's mirror, proxy and haste have no place in the appliance.
    for path in ("etc/apt/sources.list", "etc/apt/apt.conf.d/99mmdebstrap", "etc/dpkg/dpkg.cfg.d/99mmdebstrap"):
        (tree / path).unlink()
    subprocess.run(["cp", "-R", "--no-preserve=ownership", f"{APPLIANCE / 'overlay'}/.", str(tree)], check=True)
    target = tree / FIRSTBOOT
    target.mkdir(parents=True)
    for source in sorted((APPLIANCE / "firstboot").glob("*.py")):
        shutil.copy(source, target / source.name)
    _in(tree, "python3", "-m", "compileall", "-q", f"/{FIRSTBOOT}")


def _choose_units(tree: Path) -> None:
    _in(tree, "systemctl", "--quiet", "enable", *_ENABLED)
    _in(tree, "systemctl", "--quiet", "mask", *_MASKED)
    _in(tree, "systemctl", "--quiet", "set-default", "multi-user.target")


def _forget_identity(tree: Path) -> None:
    """What must be this appliance's own is made at its first boot: machine-id, SSH host keys, the random seed."""
    # The word, not an empty file: it makes systemd take the boot for a first boot.
    (tree / "etc/machine-id").write_text("uninitialized\n")
    (tree / "var/lib/dbus/machine-id").unlink(missing_ok=True)
    for key in (tree / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    for name in ("etc/hostname", "var/lib/systemd/random-seed", "etc/resolv.conf"):
        (tree / name).unlink(missing_ok=True)
    (tree / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    for log in (tree / "var/log").rglob("*"):
        if log.is_file():
            log.unlink()


def compose(base: Path, work: Path, engine_deb: Path) -> Path:
    """Return the finished tree, a fresh copy of ``base`` in ``work``."""
    tree = work / "tree"
    if tree.exists():
        shutil.rmtree(tree)
    subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(tree)], check=True)
    _install_engine(tree, engine_deb)
    _install_files(tree)
    _choose_units(tree)
    # No password at all; the asterisk is no password's hash. The first boot may set one.
    _in(tree, "usermod", "--password", "*", "root")
    _forget_identity(tree)
    return tree
