# SPDX-License-Identifier: Apache-2.0
"""Block devices as lsblk, blkid, pvs and multipathd tell them: LUNs, the ways to them, and what is on them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from .programs import Done, Overdue

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .programs import Programs

_COLUMNS = "NAME,KNAME,PATH,TYPE,SIZE,RO,VENDOR,MODEL,SERIAL,WWN,TRAN,HCTL,STATE,FSTYPE,LABEL,PTTYPE,MOUNTPOINTS"
_LIMIT_S = 10.0
_MEMBERS = {"LVM2_member": "lvm", "linux_raid_member": "raid", "mpath_member": "multipath", "swap": "swap"}


class Use(NamedTuple):
    """``kind``: as in ``StorageLun.uses``."""

    kind: str
    what: str


class PathTo(NamedTuple):
    """``address``: host:channel:target:lun, "" where the disk has none."""

    device: str
    address: str
    state: str


@dataclass(frozen=True)
class Lun:
    """Definition ``StorageLun`` of ``schemas/storage.json``."""

    wwid: str | None
    lun: int | None
    size: int
    vendor: str
    model: str
    serial: str
    transport: str
    read_only: bool
    device: str
    paths: tuple[PathTo, ...]
    uses: tuple[Use, ...]

    def to_json(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "wwid": self.wwid,
            "lun": self.lun,
            "size_bytes": self.size,
            "vendor": self.vendor,
            "model": self.model,
            "serial": self.serial,
            "transport": self.transport,
            "read_only": self.read_only,
            "device": self.device,
            "paths": [path._asdict() for path in self.paths],
            "uses": [use._asdict() for use in self.uses],
        }


def read_luns(programs: Programs, pvs: str | None = None) -> list[Lun]:
    """The SCSI disks of this host, several ways to one as one LUN, largest first.

    ``pvs``: what :func:`read_physical` said, asked here without it. Raises OSError when lsblk tells nothing, Overdue,
    Cancelled. What pvs and multipathd do not tell is left out.
    """
    done = programs.run(["lsblk", "--json", "--bytes", "--output", _COLUMNS], _LIMIT_S)
    if done.code != 0:
        raise OSError(f"lsblk ended with {done.code}: {done.said}")
    told = _optional(programs, _PVS) if pvs is None else pvs
    return parse_luns(done.out, told, _optional(programs, ["multipathd", "show", "maps", "json"]))


def read_physical(programs: Programs) -> str:
    """LVM's report of its physical volumes. Raises OSError when pvs fails, Overdue, Cancelled."""
    done = programs.run(_PVS, _LIMIT_S)
    if done.code != 0:
        raise OSError(f"pvs ended with {done.code}: {done.said}")
    return done.out


_PVS = ["pvs", "--reportformat", "json", "--options", "pv_name,vg_name"]


def _optional(programs: Programs, argv: Sequence[str]) -> str:
    try:
        done: Done = programs.run(argv, _LIMIT_S)
    except (FileNotFoundError, Overdue):
        return ""
    return done.out if done.code == 0 else ""


def parse_luns(lsblk: str, pvs: str = "", multipathd: str = "") -> list[Lun]:
    """From the JSON of the three programs; "" for one that told nothing. Raises OSError for an lsblk of no sense."""
    groups = parse_volume_groups(pvs)
    states = parse_path_states(multipathd)
    try:
        disks = [disk for disk in json.loads(lsblk)["blockdevices"] if isinstance(disk, dict) and _is_lun(disk)]
    except (ValueError, KeyError, TypeError) as error:
        raise OSError(f"lsblk told nothing to be understood: {type(error).__name__}") from error
    together: dict[str, list[Mapping[str, Any]]] = {}
    for disk in disks:
        together.setdefault(_wwid(disk) or str(disk.get("kname")), []).append(disk)
    luns = [_lun(group, groups, states) for group in together.values()]
    return sorted(luns, key=lambda lun: (-lun.size, lun.device))


def parse_volume_groups(pvs: str) -> dict[str, str]:
    """Volume group of each physical volume's device; "" for one that is in none."""
    rows = _rows(pvs, "report", "pv")
    return {str(row["pv_name"]): str(row.get("vg_name") or "") for row in rows if "pv_name" in row}


def parse_path_states(multipathd: str) -> dict[str, str]:
    """What multipathd says of each disk (``sda``): ``active ready``, ``failed faulty`` …"""
    states = {}
    for group in _rows(multipathd, "maps", "path_groups"):
        for path in _listed(group, "paths"):
            if isinstance(path, dict) and "dev" in path:
                states[str(path["dev"])] = f"{path.get('dm_st', '?')} {path.get('chk_st', '?')}"
    return states


def _rows(text: str, outer: str, inner: str) -> list[dict[str, Any]]:
    try:
        document = json.loads(text) if text else {}
    except ValueError:
        return []
    found = []
    for item in _listed(document, outer):
        found += [row for row in _listed(item, inner) if isinstance(row, dict)]
    return found


def _listed(value: Any, name: str) -> list[Any]:
    inner = value.get(name) if isinstance(value, dict) else None
    return inner if isinstance(inner, list) else []


def _is_lun(disk: Mapping[str, Any]) -> bool:
    return disk.get("type") == "disk" and bool(disk.get("hctl"))


def _wwid(disk: Mapping[str, Any]) -> str | None:
    """In lsblk's form without its 0x, so that it can be compared with multipath's (which puts a 3 before it)."""
    text = str(disk.get("wwn") or "")
    return text[2:] if text.startswith("0x") else text or None


def _lun(disks: Sequence[Mapping[str, Any]], groups: Mapping[str, str], states: Mapping[str, str]) -> Lun:
    first = disks[0]
    maps = [child for disk in disks for child in disk.get("children") or [] if child.get("type") == "mpath"]
    top = maps[0] if maps else first
    number = re.fullmatch(r"\d+:\d+:\d+:(\d+)", str(first.get("hctl") or ""))
    paths = [
        PathTo(
            str(disk.get("path")),
            str(disk.get("hctl") or ""),
            states.get(str(disk.get("kname")), str(disk.get("state") or "?")),
        )
        for disk in disks
    ]
    return Lun(
        wwid=_wwid(first),
        lun=int(number[1]) if number else None,
        size=int(first.get("size") or 0),
        vendor=str(first.get("vendor") or "").strip(),
        model=str(first.get("model") or "").strip(),
        serial=str(first.get("serial") or "").strip(),
        transport=str(first.get("tran") or ""),
        read_only=any(disk.get("ro") in (True, 1, "1") for disk in disks),
        device=str(top.get("path")),
        paths=tuple(paths),
        uses=tuple(dict.fromkeys(use for disk in ([top] if maps else disks) for use in uses_of(disk, groups))),
    )


def uses_of(device: Mapping[str, Any], groups: Mapping[str, str]) -> list[Use]:
    """What is on a device and on what lies on it, in lsblk's tree."""
    uses = [Use("mounted", str(point)) for point in device.get("mountpoints") or [] if point]
    kind = str(device.get("fstype") or "")
    path = str(device.get("path"))
    children = [child for child in device.get("children") or [] if isinstance(child, dict)]
    if path in groups or kind == "LVM2_member":
        uses.append(Use("lvm", groups.get(path) or "?"))
    elif kind and kind != "mpath_member" and not uses:
        label = str(device.get("label") or "")
        uses.append(Use(_MEMBERS.get(kind, "file_system"), f"{kind} {label}".strip()))
    table = str(device.get("pttype") or "")
    if table and device.get("type") in ("disk", "mpath") and not any(child.get("type") == "part" for child in children):
        # Of a multipath map that nobody has had the partitions made of; a test does not.
        uses.append(Use("partitions", table))
    for child in children:
        if child.get("type") == "part":
            uses.append(Use("partitions", str(child.get("path"))))
        elif child.get("type") not in ("lvm", "mpath"):
            uses.append(Use("holder", str(child.get("path"))))
        uses += uses_of(child, groups)
    return uses


class Signature(NamedTuple):
    """``found``: what blkid sees, "" for nothing; ``readable`` False when it could not look."""

    found: str
    readable: bool


def parse_blkid(done: Done) -> Signature:
    """``blkid -p -o export``: 0 with what is there, 2 for nothing, 8 for more than one (blkid(8))."""
    if done.code == 2 and not done.err:
        return Signature("", True)
    if done.code == 8:
        return Signature(done.said or "?", True)
    if done.code != 0:
        return Signature(done.said, False)
    pairs = dict(line.split("=", 1) for line in done.out.splitlines() if "=" in line)
    shown = [pairs[name] for name in ("TYPE", "PTTYPE", "LABEL") if pairs.get(name)]
    return Signature(" ".join(shown) or "?", True)
