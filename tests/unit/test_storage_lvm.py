# SPDX-License-Identifier: Apache-2.0
"""Whether other hosts can reach the disks of a volume group, by what lsblk and pvs say of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.storage.document import Lvm
from cockpit_rhv.storage.lvm import LvmTest
from cockpit_rhv.storage.programs import Done, Overdue, Programs

from tests.unit.test_storage_parsers import disk, lsblk

if TYPE_CHECKING:
    from collections.abc import Sequence


class Recorded(Programs):
    """lsblk with these disks; the group vg0 lies on ``physical``."""

    def __init__(self, disks: str, physical: str, failing: Done | Exception | None = None) -> None:
        super().__init__()
        self._failing = failing
        rows = [{"pv_name": physical, "vg_name": "vg0"}, {"pv_name": "/dev/sdz", "vg_name": "other"}]
        self._said = {"lsblk": disks, "pvs": json.dumps({"report": [{"pv": rows}]})}

    def run(self, argv: Sequence[str], _limit_s: float, _stdin: str = "") -> Done:
        if argv[0] == "pvs" and isinstance(self._failing, Exception):
            raise self._failing
        if argv[0] == "pvs" and isinstance(self._failing, Done):
            return self._failing
        if argv[0] not in self._said:
            raise FileNotFoundError(argv[0])
        return Done(0, self._said[argv[0]], "")


def sharing(disks: str, physical: str) -> tuple[str, str]:
    found = LvmTest(Lvm("vg0"), Recorded(disks, physical), None).sharing()
    return found.severity, found.summary.id


@pytest.mark.parametrize(
    ("transport", "severity"), [("iscsi", "warning"), ("fc", "warning"), ("sata", "ok"), ("usb", "ok"), (None, "ok")]
)
def test_a_group_on_a_lun_is_told(transport: str | None, severity: str) -> None:
    lun = disk("sda", tran=transport, fstype="LVM2_member")
    assert sharing(lsblk(lun), "/dev/sda")[0] == severity


def test_on_a_partition_or_behind_multipath_it_is_the_same_lun() -> None:
    part = {"path": "/dev/sda1", "type": "part", "fstype": "LVM2_member", "mountpoints": []}
    assert sharing(lsblk(disk("sda", children=[part])), "/dev/sda1")[1] == "storage.lvm.shared"
    mpath = {"path": "/dev/mapper/mpatha", "type": "mpath", "fstype": "LVM2_member", "mountpoints": [None]}
    assert sharing(lsblk(disk("sda", children=[mpath])), "/dev/mapper/mpatha")[1] == "storage.lvm.shared"


def test_luns_of_other_groups_are_nobodys_concern() -> None:
    assert sharing(lsblk(disk("sdz", fstype="LVM2_member")), "/dev/vda") == ("ok", "storage.lvm.local")


@pytest.mark.parametrize(
    "failing",
    [
        Done(5, "", "locked"),
        Overdue(["pvs"], 10.0),
        FileNotFoundError("pvs"),
        Done(0, '{"report": []}', ""),
        Done(0, "no", ""),
    ],
    ids=["it fails", "it is late", "it is missing", "it names no disk", "it tells nothing of sense"],
)
def test_without_what_pvs_says_nobody_knows(failing: Done | Exception) -> None:
    """The group's LUN would look like another's, so the group like one on disks of this host."""
    lun = lsblk(disk("sda", tran="iscsi", fstype="LVM2_member"))
    found = LvmTest(Lvm("vg0"), Recorded(lun, "/dev/sda", failing), None).sharing()
    assert (found.severity, found.summary.id, found.stop) == ("unknown", "storage.lvm.unknown", False)
