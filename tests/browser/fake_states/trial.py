# SPDX-License-Identifier: Apache-2.0
"""Tests of storage as the real steps tell them: what was found is scripted, by the path that is asked for."""

from __future__ import annotations

from typing import Any

from cockpit_rhv.messages import msg
from cockpit_rhv.storage.document import document_json, read_document
from cockpit_rhv.storage.programs import Programs
from cockpit_rhv.storage.steps import ERROR, OK, SKIPPED, UNKNOWN, WARNING, Found, Report, StepResult
from cockpit_rhv.storage.testing import steps_of

Json = dict[str, Any]

IDLE: Json = {"running": False, "plan": [], "steps": []}

_GOOD = {
    "client": Found(OK, msg("storage.nfs.client.ok", "This host can mount NFS."), [("PATH", "mount.nfs")]),
    "name": Found(
        OK,
        msg("storage.name.ok", "The address is {addresses}.", addresses="192.0.2.7"),
        [("getaddrinfo nas.example.com", "192.0.2.7")],
    ),
    "port": Found(OK, msg("storage.port.ok", "It answers in {ms} ms.", ms=0.4), [("connect 192.0.2.7:2049", "0.4 ms")]),
    "export": Found(
        OK,
        msg("storage.nfs.export.ok", "The server exports {path}.", path="/srv/rhv"),
        [("showmount -e", "/srv/rhv *")],
    ),
    "mount": Found(
        OK,
        msg("storage.nfs.mount.ok", "It is mounted as NFS version {version}.", version="4.2"),
        [("mount", "mounted")],
    ),
    "path": Found(
        OK,
        msg("storage.directory.ok", "{path} is a directory of this host.", path="/var/lib/libvirt/images"),
        [("stat -f /var/lib/libvirt/images", "ext2/ext3")],
    ),
    "write": Found(
        OK,
        msg("storage.write.ok", "QEMU's user {user} may write.", user="libvirt-qemu"),
        [("write as libvirt-qemu (64055:64055)", "written, read back and removed")],
    ),
    "root": Found(OK, msg("storage.root.ok", "Root may write and give files away."), [("write as root", "0:0")]),
    "locks": Found(
        OK,
        msg("storage.locks.ok", "A lock keeps a second opener out."),
        [("F_OFD_SETLK, bytes 100 and 200", "the second was refused")],
    ),
    "space": Found(
        OK,
        msg("storage.space.ok", "{free} GiB of {size} GiB are free.", free=81.25, size=196.74),
        [("statvfs", "f_bavail 87241523200")],
    ),
    "content": Found(OK, msg("storage.content.empty", "It is empty."), [("readdir", "nothing")]),
    "latency": Found(
        OK,
        msg("storage.latency.ok", "A safe write takes {median} ms, {worst} ms at worst.", median=1.8, worst=6.2),
        [("4 KiB, write and fsync", "1.8 1.9 6.2")],
    ),
    "undone": Found(
        OK, msg("storage.undone.ok", "Nothing of the test is left on this host."), [("umount", "unmounted")]
    ),
}
_ILL = {
    "write": Found(
        WARNING,
        msg("storage.root.refused", "Root may not write there, only QEMU's user may."),
        [("write as root", "EACCES")],
        msg(
            "storage.root.remedy",
            "Export it with no_root_squash to this host, or keep in mind that only QEMU's user may write.",
        ),
    ),
    "locks": Found(
        UNKNOWN,
        msg("storage.step.unreadable", "What the step needs cannot be read: {reason}", reason="EIO"),
        [("OSError", "[Errno 5] Input/output error")],
    ),
    "space": Found(
        ERROR,
        msg("storage.space.short", "{free} GiB of {size} GiB are free: too little.", free=3.2, size=196.74),
        [("statvfs", "f_bavail 3435973836")],
        msg("storage.space.remedy", "Make room, raise the quota, or choose another place."),
    ),
    "latency": Found(SKIPPED, msg("storage.step.skipped", "Not tried, because a step before it failed.")),
}


_DISK: Json = {
    "name": "HostedEngine.qcow2",
    "size_bytes": 4 * 2**30,
    "allocated_bytes": 3 * 2**30,
    "virtual_bytes": 10 * 2**30,
    "modified_s": 1_760_000_000,
    "in_use": False,
    "mark": "12:4294967296:1760000000000000000",
}
_DRIVE: Json = {
    **_DISK,
    "name": "HostedEngine-cidata.iso",
    "size_bytes": 376832,
    "allocated_bytes": 376832,
    "virtual_bytes": None,
    "mark": "13:376832:1760000000000000000",
}
_EARLIER = Found(
    ERROR,
    msg(
        "storage.earlier.found",
        "It holds what an earlier engine of this name left: {names}.",
        names="HostedEngine.qcow2, HostedEngine-cidata.iso",
    ),
    [("stat HostedEngine.qcow2", "3221225472")],
    msg(
        "storage.earlier.remedy",
        "Choose another name for the engine VM or another place, or delete these files for good.",
    ),
)


def trial(params: Json, cancelled: bool = False) -> tuple[Json, Json]:
    """The answer, and what the topic says while the third step is being done."""
    document = read_document(params["document"])
    steps = steps_of(document, Programs())
    found = {**_GOOD, **_ILL} if "ill" in params["document"]["path"] else _GOOD
    if "earlier" in params["document"]["path"]:
        found = {**_GOOD, "content": _EARLIER}
    stopped = Found(SKIPPED, msg("storage.step.cancelled", "The test was cancelled."))
    results = [
        StepResult(step, found[step.id] if index < 2 or not cancelled else stopped, 0.2)
        for index, step in enumerate(steps)
    ]
    report = Report(document_json(document), results, 1.4, cancelled)
    running = {
        "running": True,
        "plan": [{"id": step.id, "title": step.title.to_json()} for step in steps],
        "steps": [result.to_json() for result in results[:2]],
    }
    answer = report.to_json()
    if "earlier" in params["document"]["path"]:
        answer["earlier"] = [_DISK, _DRIVE]
        if "elsewhere" in params["document"]["path"]:
            answer["earlier_host"], answer["earlier_elsewhere"] = "host7.example.com", True
        if "nolock" in params["document"].get("options", ""):
            answer["earlier"] = [{**_DISK, "in_use": None}]
    return answer, running
