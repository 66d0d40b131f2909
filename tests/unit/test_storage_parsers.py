# SPDX-License-Identifier: Apache-2.0
"""What other programs print about storage: recorded where they could be run, written from their manuals where not."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.storage.blocks import Use, parse_blkid, parse_luns, parse_path_states, parse_volume_groups
from cockpit_rhv.storage.document import Chap, Login
from cockpit_rhv.storage.initiator import TargetPortal, iscsi_error, parse_targets, private_settings
from cockpit_rhv.storage.luns import found_lun, same_wwid
from cockpit_rhv.storage.lvm import parse_report
from cockpit_rhv.storage.nfs import explain_mount, mounted_options, parse_exports
from cockpit_rhv.storage.programs import Done
from hypothesis import given
from hypothesis import strategies as st


def disk(name: str, hctl: str = "2:0:0:1", **more: Any) -> dict[str, Any]:
    plain = {"name": name, "kname": name, "path": f"/dev/{name}", "type": "disk", "size": 2**30, "ro": False}
    scsi = {"hctl": hctl, "wwn": "0x60014051", "vendor": "LIO-ORG ", "model": "t1", "serial": "1", "tran": "iscsi"}
    return {**plain, **scsi, "state": "running", "fstype": None, "label": None, "mountpoints": [None], **more}


def lsblk(*disks: dict[str, Any]) -> str:
    return json.dumps({"blockdevices": list(disks)})


def test_two_ways_to_a_lun_are_one_lun() -> None:
    mpath = {"name": "mpatha", "kname": "dm-0", "path": "/dev/mapper/mpatha", "type": "mpath", "mountpoints": [None]}
    states = json.dumps({"maps": [{"path_groups": [{"paths": [
        {"dev": "sda", "dm_st": "active", "chk_st": "ready"}, {"dev": "sdb", "dm_st": "failed", "chk_st": "faulty"},
    ]}]}]})  # fmt: skip
    text = lsblk(disk("sda", children=[mpath]), disk("sdb", "3:0:0:1", children=[mpath]), disk("vda", hctl=""))
    (lun,) = parse_luns(text, multipathd=states)
    assert lun.device == "/dev/mapper/mpatha"
    assert (lun.lun, lun.wwid, lun.vendor, lun.uses) == (1, "60014051", "LIO-ORG", ())
    assert [path.state for path in lun.paths] == ["active ready", "failed faulty"]
    found = found_lun(lun)
    assert (found.severity, dict(found.summary.params)) == ("warning", {"bad": 1, "all": 2})


def test_what_is_on_a_lun() -> None:
    mounted = disk("sda", wwn="0xa", fstype="ext4", mountpoints=["/srv"])
    in_lvm = disk("sdb", wwn="0xb", fstype="LVM2_member")
    part = {"path": "/dev/sdc1", "type": "part", "fstype": "xfs", "label": "old", "mountpoints": []}
    parts = disk("sdc", wwn="0xc", children=[part])
    crypt = {"path": "/dev/mapper/c", "type": "crypt", "mountpoints": ["/x"]}
    held = disk("sdd", wwn="0xd", fstype="crypto_LUKS", children=[crypt])
    pvs = json.dumps({"report": [{"pv": [{"pv_name": "/dev/sdb", "vg_name": "vg1"}]}]})
    luns = {
        lun.wwid: list(lun.uses) for lun in parse_luns(lsblk(mounted, in_lvm, parts, held, disk("sde", wwn=None)), pvs)
    }
    assert luns["a"] == [Use("mounted", "/srv")]
    assert luns["b"] == [Use("lvm", "vg1")]
    assert luns["c"] == [Use("partitions", "/dev/sdc1"), Use("file_system", "xfs old")]
    assert luns["d"] == [Use("file_system", "crypto_LUKS"), Use("holder", "/dev/mapper/c"), Use("mounted", "/x")]
    assert luns[None] == []


def test_a_map_whose_partitions_nobody_has_made_is_not_empty() -> None:
    mpath = {"path": "/dev/mapper/mpatha", "type": "mpath", "pttype": "gpt", "mountpoints": [None]}
    (lun,) = parse_luns(lsblk(disk("sda", pttype="gpt", children=[mpath])))
    assert lun.uses == (Use("partitions", "gpt"),)
    part = {"path": "/dev/sda1", "type": "part", "pttype": "gpt", "mountpoints": []}
    (lun,) = parse_luns(lsblk(disk("sda", pttype="gpt", children=[part])))
    assert lun.uses == (Use("partitions", "/dev/sda1"),)


def test_an_lsblk_of_no_sense_is_an_error_and_not_an_empty_list() -> None:
    for text in ("", "[]", "{}", '{"blockdevices": null}'):
        with pytest.raises(OSError, match="lsblk"):
            parse_luns(text)


@pytest.mark.parametrize(
    ("done", "found", "readable"),
    [
        (Done(2, "", ""), "", True),
        (Done(0, "DEVNAME=/dev/sda\nLABEL=data\nTYPE=ext4", ""), "ext4 data", True),
        (Done(0, "DEVNAME=/dev/sda\nPTTYPE=gpt", ""), "gpt", True),
        (Done(8, "", "blkid: /dev/sda: ambivalent result (probably more filesystems on the device)"), "", True),
        (Done(2, "", "error: /dev/sda: No medium found"), "", False),
        (Done(4, "", "usage"), "", False),
    ],
)
def test_blkid(done: Done, found: str, readable: bool) -> None:
    signature = parse_blkid(done)
    assert signature.readable is readable
    if found or done.code == 2:
        assert signature.found == (found or done.err)
    # More than one signature is data, whatever they are.
    assert done.code != 8 or signature.found


def test_exports() -> None:
    text = "/srv/vms    10.0.0.0/24,host2\n/srv/with space *\n/alone\nExport list for nas:\n"
    assert parse_exports(text) == {"/srv/vms": "10.0.0.0/24,host2", "/srv/with space": "*", "/alone": ""}


def test_mount_options_of_the_last_mount_there() -> None:
    line = "600 500 0:60 / /run/t rw,relatime shared:1 - nfs4 nas:/srv rw,vers=4.2,soft"
    assert mounted_options(line, "/run/t") == "rw,relatime,rw,vers=4.2,soft"
    assert mounted_options(line, "/run") == ""
    assert mounted_options(line + "\n" + line.replace("4.2", "3"), "/run/t").endswith("vers=3,soft")


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("mount.nfs: access denied by server while mounting nas:/srv", "denied"),
        ("mount.nfs: mounting nas:/srv failed, reason given by server: No such file or directory", "no_path"),
        ("mount.nfs: Protocol not supported for nas:/srv on /run/x", "version"),
        ("mount.nfs: requested NFS version or transport protocol is not supported for /run/x", "version"),
        ("mount.nfs: an incorrect mount option was specified for /run/x", "options"),
        ("mount.nfs: Connection timed out for nas:/srv on /run/x", "silent"),
        ("mount.nfs: Connection refused for nas:/srv on /run/x", "silent"),
        ("mount.nfs: rpc.statd is not running but is required for remote locking.", "statd"),
        ("mount: /run/x: unknown filesystem type 'nfs'.", "no_kernel"),
        ("mount.nfs: Stale file handle for nas:/srv on /run/x", "stale"),
        ("mount.nfs: something new", "failed"),
        ("", "failed"),
    ],
)
def test_why_a_mount_failed(said: str, reason: str) -> None:
    text, remedy = explain_mount(said)
    assert text.id.rpartition(".")[2] == reason
    assert str(remedy)


def test_targets_of_a_discovery() -> None:
    text = "10.0.0.1:3260,1 iqn.2024-01.lab.wk:t1\n[fd00::1]:3260,2 iqn.2024-01.lab.wk:t1\niscsiadm: note\n"
    name = "iqn.2024-01.lab.wk:t1"
    assert parse_targets(text) == [TargetPortal(name, "10.0.0.1:3260", 1), TargetPortal(name, "[fd00::1]:3260", 2)]


@pytest.mark.parametrize(
    ("code", "reason"), [(24, "auth"), (8, "silent"), (4, "silent"), (20, "daemon"), (19, "refused"), (6, "failed")]
)
def test_iscsiadm_by_its_exit_code(code: int, reason: str) -> None:
    error = iscsi_error(Done(code, "", "iscsiadm: said this"), "10.0.0.1:3260")
    assert isinstance(error, RhvError)
    assert (error.code, error.hint is not None) == (f"storage.iscsi.{reason}", True)
    assert "said this" in (error.detail or "")


def test_the_hosts_own_settings_give_way() -> None:
    host = (
        "node.startup = automatic\n# node.x = 1\nnode.session.auth.password = hosts-own\niscsid.startup = /bin/true\n"
    )
    lines = private_settings(host, Chap(Login("u", "one"), Login("t", "two"))).splitlines()
    assert "node.startup = manual" in lines
    assert "node.session.scan = manual" in lines
    assert "iscsid.startup = /bin/true" in lines
    assert "node.session.auth.password = one" in lines
    assert "node.session.auth.password_in = two" in lines
    assert not any("hosts-own" in line or "automatic" in line for line in lines)
    assert not any("auth" in line for line in private_settings(host, None).splitlines())


@pytest.mark.parametrize(
    "text",
    [
        "3600140512345678aabbccddeeff00112",
        "wwn-0x600140512345678aabbccddeeff00112",
        "0x600140512345678AABBCCDDEEFF00112",
    ],
)
def test_names_of_one_lun(text: str) -> None:
    assert same_wwid(text) == "600140512345678aabbccddeeff00112"


KEYS = st.sampled_from(["report", "pv", "vg", "maps", "path_groups", "paths", "pv_name", "dev", "blockdevices"])
LEAVES = st.none() | st.integers() | st.text(max_size=5)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8).map(json.dumps)


@given(st.text(max_size=60) | JSON)
def test_no_text_breaks_a_parser(text: str) -> None:
    parse_exports(text)
    parse_targets(text)
    mounted_options(text, "/x")
    explain_mount(text)
    parse_volume_groups(text)
    parse_path_states(text)
    with contextlib.suppress(OSError):
        parse_report(text, "vg")
    with contextlib.suppress(OSError):
        parse_luns(text)
