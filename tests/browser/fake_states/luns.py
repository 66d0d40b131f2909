# SPDX-License-Identifier: Apache-2.0
"""A storage server with two targets and, on one of them, LUNs that are free, used, and hard to reach."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

TARGET = "iqn.2024-01.com.example:vms"


def targets() -> Json:
    portals = [{"portal": "192.0.2.7:3260", "group": 1}]
    return {"targets": [{"target": name, "portals": portals} for name in ("iqn.2024-01.com.example:backup", TARGET)]}


def luns(target: str) -> Json:
    return {"luns": [_empty(), _used(), _sick()] if target == TARGET else [_empty()]}


def _empty() -> Json:
    return {
        "wwid": "600140500000000a",
        "lun": 0,
        "size_bytes": 500 * 2**30,
        "vendor": "LIO-ORG",
        "model": "vms",
        "serial": "6001405aa11bb22cc33dd44ee55ff660",
        "transport": "iscsi",
        "read_only": False,
        "device": "/dev/sdb",
        "paths": [{"device": "/dev/sdb", "address": "2:0:0:0", "state": "running"}],
        "uses": [],
    }


def _used() -> Json:
    uses = [{"kind": "partitions", "what": "/dev/sdc1"}, {"kind": "lvm", "what": "payroll"}]
    return {**_empty(), "lun": 1, "device": "/dev/sdc", "size_bytes": 100 * 2**30, "uses": uses}


def _sick() -> Json:
    paths = [
        {"device": "/dev/sdd", "address": "2:0:0:2", "state": "running"},
        {"device": "/dev/sde", "address": "3:0:0:2", "state": "offline"},
    ]
    uses = [{"kind": "file_system", "what": "ext4 backup"}]
    return {
        **_empty(),
        "lun": 2,
        "device": "/dev/sdd",
        "size_bytes": 20 * 2**30,
        "paths": paths,
        "uses": uses,
        "read_only": True,
    }
