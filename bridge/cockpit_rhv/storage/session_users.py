# SPDX-License-Identifier: Apache-2.0
"""Who uses the disks of an iSCSI session: read in /sys and /proc alone, for a disk that is asked may never answer."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .initiator import LeftSession

#: It watches every path of its maps, used or not; a map that is used has holders, mounts or readers of its own.
_WATCHER = "multipathd"


class Places(NamedTuple):
    """``pools``: where libvirt keeps the definitions of pools that are active."""

    sys: Path = Path("/sys")
    proc: Path = Path("/proc")
    pools: Path = Path("/run/libvirt/storage")


PLACES = Places()


def session_host(sid: int, sys: Path = PLACES.sys) -> str | None:
    """The SCSI host of a session: ``host3``; None when it is gone."""
    found = re.search(r"/(host\d+)/", str((sys / f"class/iscsi_session/session{sid}/device").resolve()))
    return found[1] if found else None


def host_disks(host: str, lun: int | None, sys: Path = PLACES.sys) -> list[str]:
    """Kernel names of the disks of a SCSI host, of one LUN or all."""
    wanted = f"{host[4:]}:*:*:{'*' if lun is None else lun}"
    return sorted(disk.name for disk in sys.glob(f"class/scsi_device/{wanted}/device/block/*"))


def own_maps(disks: list[str], sys: Path = PLACES.sys) -> list[str]:
    """Multipath maps (``dm-3``) that have no other way than these disks."""
    maps = {holder.name for disk in disks for holder in (sys / f"class/block/{disk}/holders").glob("dm-*")}
    return sorted(
        name
        for name in maps
        if _is_map(name, sys) and {path.name for path in (sys / f"class/block/{name}/slaves").glob("*")}.issubset(disks)
    )


def users_of(session: LeftSession, places: Places = PLACES) -> list[str]:
    """Each use of the session's disks in words; [] when nobody needs it. Raises OSError when that cannot be read."""
    host = session_host(session.sid, places.sys)
    disks = host_disks(host, None, places.sys) if host else []
    nodes = list(dict.fromkeys(node for disk in disks for node in (disk, *_partitions(disk, places.sys))))
    maps = own_maps(disks, places.sys)
    users = []
    for node in [*nodes, *maps]:
        for holder in sorted((places.sys / f"class/block/{node}/holders").glob("*")):
            # A map that has other ways keeps them when ours goes.
            if holder.name not in maps and not _is_map(holder.name, places.sys):
                users.append(f"{node}: held by {_shown(holder.name, places.sys)}")
    numbers = {_read(places.sys / f"class/block/{node}/dev"): node for node in [*nodes, *maps]}
    numbers.pop("", None)  # a disk that has just gone
    users += [f"{numbers[number]}: {use}" for number, use in _in_use(set(numbers), places.proc)] if numbers else []
    return users + _pools(session.target, places.pools)


def _is_map(name: str, sys: Path) -> bool:
    return _read(sys / f"class/block/{name}/dm/uuid").startswith("mpath-")


def _shown(name: str, sys: Path) -> str:
    return _read(sys / f"class/block/{name}/dm/name") or name


def _partitions(disk: str, sys: Path) -> list[str]:
    return sorted(path.parent.name for path in (sys / f"class/block/{disk}").glob("*/partition"))


def _read(path: Path) -> str:
    """What stands there; "" for something that is none or has just gone."""
    with contextlib.suppress(OSError):
        return path.read_text("utf-8", "replace").strip()
    return ""


def _in_use(numbers: set[str], proc: Path) -> list[tuple[str, str]]:
    """Device numbers that are mounted in any mount namespace, swapped to, or held open by any process."""
    uses: dict[tuple[str, str], None] = {}
    seen = set()
    for process in sorted(proc.glob("[0-9]*")):
        try:
            namespace = os.readlink(process / "ns/mnt")
            if namespace not in seen:
                for line in (process / "mountinfo").read_text("utf-8", "replace").splitlines():
                    words = line.split()
                    source = words[words.index("-") + 2]
                    # btrfs has numbers of its own, and says the device by name alone
                    for number in {words[2], _number(source)} & numbers:
                        uses[number, f"mounted at {words[4]}"] = None
                seen.add(namespace)
            if _read(process / "comm") != _WATCHER:
                for number in _opened(process) & numbers:
                    uses[number, f"open in {_read(process / 'comm')} ({process.name})"] = None
        except (FileNotFoundError, ProcessLookupError):
            continue  # it ended while we looked
    for line in _read(proc / "swaps").splitlines()[1:]:
        for number in {_number(line.split()[0])} & numbers:
            uses[number, "swap"] = None
    return list(uses)


def _opened(process: Path) -> set[str]:
    found = set()
    for descriptor in os.listdir(process / "fd"):
        path = process / "fd" / descriptor
        with contextlib.suppress(FileNotFoundError):
            # Only of what lies in /dev is more asked than its name: a file on a dead server would never answer.
            if os.readlink(path).startswith("/dev/"):
                found.add(_number(str(path)))
    return found


def _number(path: str) -> str:
    """``8:16`` for a block device, "" for all else."""
    if not path.startswith(("/dev/", "/proc/")):
        return ""
    try:
        status = os.stat(path)
    except OSError:
        return ""
    return f"{os.major(status.st_rdev)}:{os.minor(status.st_rdev)}" if stat.S_ISBLK(status.st_mode) else ""


def _pools(target: str, folder: Path) -> list[str]:
    """libvirt uses a session that is there already; its pool holds no disk open."""
    if not folder.is_dir():
        return []
    wanted = re.compile(rf"""<device path=(['"]){re.escape(target)}\1""")
    return [f"pool {path.stem} of libvirt" for path in sorted(folder.glob("*.xml")) if wanted.search(_read(path))]
