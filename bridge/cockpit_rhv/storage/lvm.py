# SPDX-License-Identifier: Apache-2.0
"""An LVM volume group tested as a place for disks: complete, writable, with room. Nothing is made in it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..messages import msg
from .blocks import parse_volume_groups, read_luns, read_physical
from .files import judge_room
from .programs import Overdue
from .steps import ERROR, OK, UNKNOWN, WARNING, Found, Step, content_step, missing_program, space_step

if TYPE_CHECKING:
    from .document import Lvm
    from .programs import Programs

_LIMIT_S = 10.0
#: How lsblk calls ways to disks that several hosts can have.
_SHARED = ("iscsi", "fc", "fcoe")
_GROUPS = ("vg_name", "vg_attr", "vg_size", "vg_free", "vg_missing_pv_count", "vg_tags")


class LvmTest:
    """One test of one group."""

    def __init__(self, document: Lvm, programs: Programs, need_gib: float | None) -> None:
        self._name = document.volume_group
        self._programs = programs
        self._need_gib = need_gib
        self._group: dict[str, Any] = {}

    def steps(self) -> list[Step]:
        """In the order they are done."""
        return [
            Step(
                "group",
                msg("storage.lvm.group.title", "Volume group"),
                msg("storage.lvm.group.why", "A group with a missing or shared disk loses volumes."),
                self.group,
            ),
            Step(
                "sharing",
                msg("storage.lvm.sharing.title", "Disks of the group"),
                msg(
                    "storage.lvm.sharing.why",
                    "Two hosts that write to one group without knowing of each other destroy it.",
                ),
                self.sharing,
            ),
            space_step(self.space),
            content_step(self.content),
        ]

    def group(self) -> Found:
        """There, complete, writable, and this host's."""
        argv = ["vgs", "--reportformat", "json", "--units", "b", "--nosuffix", "--options", ",".join(_GROUPS)]
        try:
            done = self._programs.run(argv, _LIMIT_S)
        except FileNotFoundError:
            return missing_program("vgs", "lvm2")
        source = " ".join(argv[:1])
        if done.code != 0:
            raise OSError(f"vgs ended with {done.code}: {done.said}")
        groups = {str(row["vg_name"]): row for row in parse_report(done.out, "vg")}
        if self._name not in groups:
            listed = ", ".join(groups) or "-"
            text = msg(
                "storage.lvm.missing",
                "There is no volume group {name}; there are: {listed}",
                name=self._name,
                listed=listed,
            )
            remedy = msg("storage.lvm.missing.remedy", "Make the group (vgcreate), or choose another one.")
            return Found(ERROR, text, [(source, done.out[:2000])], remedy, stop=True)
        self._group = groups[self._name]
        evidence = [(source, ", ".join(f"{key} {value}" for key, value in self._group.items()))]
        return self._judge(str(self._group.get("vg_attr", "")), evidence)

    def _judge(self, attributes: str, evidence: list[tuple[str, str]]) -> Found:
        # lvm(8) vgs: writable, resizable, exported, partial, allocation, clustered or shared.
        if "x" in attributes[2:3]:
            text = msg("storage.lvm.exported", "The group is exported: it waits for another host.")
            return Found(ERROR, text, evidence, msg("storage.lvm.exported.remedy", "Import it: vgimport"), stop=True)
        if attributes[3:4] == "p" or str(self._group.get("vg_missing_pv_count", "0")) not in ("", "0"):
            text = msg("storage.lvm.partial", "Disks of the group are missing.")
            remedy = msg("storage.lvm.partial.remedy", "Bring the disks back, or remove them: vgreduce --removemissing")
            return Found(ERROR, text, evidence, remedy, stop=True)
        if attributes[:1] != "w":
            text = msg("storage.lvm.read_only", "The group can only be read.")
            return Found(
                ERROR,
                text,
                evidence,
                msg("storage.lvm.read_only.remedy", "Allow it: vgchange --permission rw"),
                stop=True,
            )
        return Found(OK, msg("storage.lvm.ok", "The group is complete and writable."), evidence)

    def sharing(self) -> Found:
        """Whether other hosts can reach its disks."""
        # Without what pvs says every LUN would look like another group's.
        try:
            physical = read_physical(self._programs)
        except (OSError, Overdue) as error:
            return _unknown_disks(str(error))
        if self._name not in parse_volume_groups(physical).values():
            return _unknown_disks(physical[:2000])
        luns = read_luns(self._programs, physical)
        mine = [lun for lun in luns if any(use.kind == "lvm" and use.what == self._name for use in lun.uses)]
        evidence = [("lsblk, pvs", ", ".join(f"{lun.device} {lun.transport or '?'}" for lun in mine) or "no SCSI disk")]
        shared = [lun.device for lun in mine if lun.transport in _SHARED]
        if shared:
            text = msg(
                "storage.lvm.shared",
                "The group lies on LUNs that other hosts may reach: {luns}",
                luns=", ".join(shared),
            )
            remedy = msg("storage.lvm.shared.remedy", "Let only this host reach them, or choose another group.")
            return Found(WARNING, text, evidence, remedy)
        return Found(OK, msg("storage.lvm.local", "The group lies on disks of this host."), evidence)

    def space(self) -> Found:
        """Free extents."""
        return judge_room(int(self._group["vg_free"]), int(self._group["vg_size"]), self._need_gib, "vgs")

    def content(self) -> Found:
        """Its volumes, and whether an oVirt engine's tags are on it."""
        argv = ["lvs", "--reportformat", "json", "--options", "lv_name,lv_size", "--", self._name]
        done = self._programs.run(argv, _LIMIT_S)
        if done.code != 0:
            raise OSError(f"lvs ended with {done.code}: {done.said}")
        names = [str(row.get("lv_name")) for row in parse_report(done.out, "lv")]
        tags = str(self._group.get("vg_tags") or "")
        evidence = [(f"lvs {self._name}", ", ".join(names) or "nothing"), ("vg_tags", tags or "none")]
        remedy = msg("storage.content.remedy", "Choose an empty place, or see first whom that belongs to.")
        if "MDT_" in tags or "RHAT_storage_domain" in tags:
            text = msg(
                "storage.content.domain",
                "It holds the storage domain {domain} of an oVirt or RHV engine.",
                domain=self._name,
            )
            return Found(WARNING, text, evidence, remedy)
        if names:
            text = msg(
                "storage.lvm.volumes", "It holds {count} volumes: {names}", count=len(names), names=", ".join(names[:8])
            )
            return Found(WARNING, text, evidence, remedy)
        return Found(OK, msg("storage.content.empty", "It is empty."), evidence)


def _unknown_disks(said: str) -> Found:
    text = msg("storage.lvm.unknown", "On which disks the group lies is unknown: pvs does not tell it.")
    return Found(UNKNOWN, text, [("pvs", said)])


def parse_report(text: str, kind: str) -> list[dict[str, Any]]:
    """Rows of ``vg``, ``lv`` or ``pv`` in LVM's JSON report. Raises OSError when it is none."""
    try:
        rows = [row for report in json.loads(text)["report"] for row in report.get(kind, [])]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OSError(f"LVM's report cannot be understood: {type(error).__name__}") from error
    return [row for row in rows if isinstance(row, dict)]
