# SPDX-License-Identifier: Apache-2.0
"""The appliance's root file system: the base root, our files, the engine's package, and the units that are wanted."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from appliance.builder import units

APPLIANCE = Path(__file__).resolve().parents[1]
FIRSTBOOT = "usr/lib/rhv-engine-firstboot/firstboot"


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
    # mmdebstrap's own: the build machine's proxy and haste have no place in the appliance. Its sources stay: the
    # engine VM upgrades from the mirror it was built from, until the administrator names another.
    for path in ("etc/apt/apt.conf.d/99mmdebstrap", "etc/dpkg/dpkg.cfg.d/99mmdebstrap"):
        (tree / path).unlink()
    subprocess.run(["cp", "-R", "--no-preserve=ownership", f"{APPLIANCE / 'overlay'}/.", str(tree)], check=True)
    target = tree / FIRSTBOOT
    target.mkdir(parents=True)
    for source in sorted((APPLIANCE / "firstboot").glob("*.py")):
        shutil.copy(source, target / source.name)
    _in(tree, "python3", "-m", "compileall", "-q", f"/{FIRSTBOOT}")


def _choose_units(tree: Path) -> None:
    _in(tree, "systemctl", "--quiet", "disable", *units.DISABLED)
    _in(tree, "systemctl", "--quiet", "enable", *units.ENABLED)
    _in(tree, "systemctl", "--quiet", "mask", *units.MASKED)
    _in(tree, "systemctl", "--quiet", "set-default", "multi-user.target")
    for folder, kept in (("systemd/system-generators", units.GENERATORS), ("udev/rules.d", units.UDEV_RULES)):
        masks = tree / "etc" / folder
        masks.mkdir(parents=True, exist_ok=True)
        for path in sorted((tree / "usr/lib" / folder).iterdir()):
            if path.name not in kept:
                (masks / path.name).symlink_to("/dev/null")


def _forget_identity(tree: Path) -> None:
    """What must be this appliance's own is made at its first boot: machine-id, SSH host keys, the random seed."""
    # Empty, not "uninitialized": that makes systemd set up presets, accounts and databases that are all in place.
    (tree / "etc/machine-id").write_text("")
    (tree / "var/lib/dbus/machine-id").unlink(missing_ok=True)
    for key in (tree / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    for name in ("etc/hostname", "var/lib/systemd/random-seed", "etc/resolv.conf"):
        (tree / name).unlink(missing_ok=True)
    (tree / "etc/resolv.conf").symlink_to("../run/systemd/resolve/stub-resolv.conf")
    for log in (tree / "var/log").rglob("*"):
        if log.is_file():
            log.unlink()


def _mark_updated(tree: Path) -> None:
    """Tell systemd that caches and accounts fit /usr: it would make them anew at the first boot otherwise."""
    newest = (tree / "usr").stat().st_mtime_ns
    for name in ("etc/.updated", "var/.updated"):
        (tree / name).touch()
        os.utime(tree / name, ns=(newest, newest))


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
    _mark_updated(tree)
    return tree
