# SPDX-License-Identifier: Apache-2.0
"""Takes over what makes an engine itself from the disk it ran on before its upgrade.

The order is what makes it safe against a power cut: the Manager does not start without its settings, so they come last
but one; the instance-id comes last, and until it is there the next boot does everything again.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import NamedTuple

from .drive import DriveError

STATE = "var/lib/rhv-engine"
SETTINGS = "etc/rhv-engine/engine.json"
INSTANCE_ID = "var/lib/rhv-engine-firstboot/instance-id"
#: Without these there is no engine on that disk.
REQUIRED = (f"{STATE}/pki", SETTINGS, INSTANCE_ID, "etc/hostname", "etc/shadow")
TREES = (STATE, "root/.ssh")
#: Taken over whatever is here: a boot that failed may have made keys of its own.
OURS = ("etc/hostname", "etc/hosts", "etc/machine-id", "etc/ssh/ssh_host_*")
#: Taken over where the image has no file of that name: what an earlier first boot or an administrator put there. The
#: image's own files are newer here.
BESIDE = ("etc/rhv-engine/*", "etc/ssh/sshd_config.d/*", "etc/systemd/network/*")
_GROW = "/usr/lib/rhv-engine-firstboot/grow-root"
_SPARE = 64 * 2**20


class Adopted(NamedTuple):
    """What is not a file: to be set in the running system. ``root_password_hash`` is a field of shadow(5)."""

    instance_id: str
    hostname: str
    root_password_hash: str


class Owners:
    """Translates the old disk's numbers of users and groups: they are given out anew in each image."""

    def __init__(self, old: Path, new: Path = Path("/")) -> None:
        self._users = _translation(old / "etc/passwd", new / "etc/passwd")
        self._groups = _translation(old / "etc/group", new / "etc/group")

    def of(self, status: os.stat_result) -> tuple[int, int]:
        """User and group here; root where the name does not exist any more."""
        return self._users.get(status.st_uid, 0), self._groups.get(status.st_gid, 0)


def adopt(old: Path, new: Path = Path("/")) -> Adopted:
    """Copy everything from the root file system ``old``. Raises DriveError, OSError.

    May be repeated; after an error the Manager is left without its settings and does not start.
    """
    for name in REQUIRED:
        if not (old / name).exists():
            raise DriveError(f"previous disk: {name} is missing; there is no engine on it")
    _make_room(old / STATE, new)
    owners = Owners(old, new)
    settings = new / SETTINGS
    settings.unlink(missing_ok=True)
    for name in TREES:
        if (old / name).is_dir():
            _replace_tree(old / name, new / name, owners)
    for source in _files(old, OURS):
        _copy(source, new / source.relative_to(old), owners)
    for source in _files(old, BESIDE):
        target = new / source.relative_to(old)
        if target != settings and not os.path.lexists(target):
            _copy(source, target, owners)
    # On the disk before the settings are: they say that the rest is in place.
    os.sync()
    _copy(old / SETTINGS, settings, owners)
    hostname = (old / "etc/hostname").read_text("utf-8").strip()
    return Adopted((old / INSTANCE_ID).read_text("ascii").strip(), hostname, _root_password(old / "etc/shadow"))


def _files(old: Path, patterns: tuple[str, ...]) -> list[Path]:
    return [path for pattern in patterns for path in sorted(old.glob(pattern)) if path.is_symlink() or path.is_file()]


def _make_room(state: Path, new: Path) -> None:
    """The image's file system is grown after the Manager's start, which is too late for a large database."""
    needed = sum(path.lstat().st_size for path in state.rglob("*")) + _SPARE
    space = os.statvfs(new)
    if space.f_bavail * space.f_frsize < needed:
        subprocess.run([_GROW], check=False)


def _translation(old: Path, new: Path) -> dict[int, int]:
    here = {name: number for number, name in _names(new).items()}
    return {number: here[name] for number, name in _names(old).items() if name in here}


def _names(path: Path) -> dict[int, str]:
    """Number to name, of passwd(5) or group(5): in both the third field is the number."""
    rows = (line.split(":") for line in path.read_text("utf-8").splitlines())
    return {int(row[2]): row[0] for row in rows if len(row) > 2 and row[2].isdigit()}


def _root_password(shadow: Path) -> str:
    for line in shadow.read_text("utf-8").splitlines():
        name, _, rest = line.partition(":")
        if name == "root":
            return rest.partition(":")[0] or "*"
    return "*"


def _replace_tree(source: Path, target: Path, owners: Owners) -> None:
    fresh = target.with_name(f".{target.name}.adopting")
    for leftover in (fresh, target):
        if leftover.exists():
            shutil.rmtree(leftover)
    _copy_tree(source, fresh, owners)
    fresh.rename(target)


def _copy_tree(source: Path, target: Path, owners: Owners) -> None:
    status = source.lstat()
    target.mkdir(mode=0o700, parents=True)
    for entry in sorted(source.iterdir()):
        kind = entry.lstat().st_mode
        if stat.S_ISDIR(kind):
            _copy_tree(entry, target / entry.name, owners)
        elif stat.S_ISREG(kind) or stat.S_ISLNK(kind):
            _copy(entry, target / entry.name, owners)
    _hand_over(target, status, owners)


def _copy(source: Path, target: Path, owners: Owners) -> None:
    """One file or link, replaced in one step, with owner, mode and time; never with wider permissions in between."""
    status = source.lstat()
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.new")
    fresh.unlink(missing_ok=True)
    if stat.S_ISLNK(status.st_mode):
        fresh.symlink_to(os.readlink(source))
    else:
        with (
            source.open("rb") as content,
            open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as to,
        ):
            shutil.copyfileobj(content, to, 2**20)
            to.flush()
            os.fsync(to.fileno())
        _hand_over(fresh, status, owners)
    fresh.replace(target)


def _hand_over(path: Path, status: os.stat_result, owners: Owners) -> None:
    os.chown(path, *owners.of(status), follow_symlinks=False)
    os.chmod(path, stat.S_IMODE(status.st_mode))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
