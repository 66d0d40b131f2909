# SPDX-License-Identifier: Apache-2.0
"""The steps that directories share, wherever they lie: write as QEMU's user, locks, room, contents, latency."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..messages import Message, msg
from .latency import judge_latency
from .qemu_user import QemuUser, read_qemu_user
from .steps import ERROR, OK, UNKNOWN, WARNING, Found, Step, content_step, space_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .earlier import Earlier
    from .programs import Programs

GIB = 2**30
#: Less room than this is said to be little when nobody says what is needed.
_LITTLE = GIB
#: Seconds for one thing done with a file; a server that needs longer is of no use to a guest.
_LIMIT_S = 8.0
_PROBE = Path(__file__).with_name("file_probe.py")
#: What every file server makes by itself.
_ORDINARY = {"lost+found", ".snapshot", ".snapshots", ".zfs", "@eaDir", "#recycle", ".Trash-0"}
_DISKS = (".qcow2", ".raw", ".img", ".iso", ".vmdk")


class Files:
    """The directory of a test. ``programs``: those that see it, perhaps in a mount namespace.

    ``earlier``: it is to hold an engine's disk; what of an engine to look for in it.
    ``given``: disks there are made by root and given to QEMU's user, as on a local file system; QEMU's user need not
    be able to make files of its own.
    """

    def __init__(
        self,
        path: str,
        programs: Programs,
        need_gib: float | None,
        given: bool = False,
        earlier: Earlier | None = None,
    ) -> None:
        self.path = path
        self.programs = programs
        self.need_gib = need_gib
        self._given = given
        self._earlier = earlier
        self._seen: dict[str, Any] = {}
        self._user: QemuUser | None = None
        #: The number by which a file of QEMU's user belongs to it there; None before it has written one.
        self._qemu_is: int | None = None

    def steps(self) -> list[Step]:
        """In the order they are done."""
        return [
            Step(
                "write",
                msg("storage.write.title", "QEMU may write"),
                msg("storage.write.why", "Guests' disks are opened by QEMU, which runs as a user of its own."),
                self.write,
            ),
            Step(
                "root",
                msg("storage.root.title", "Root's rights"),
                msg("storage.root.why", "This host makes and removes disks as root, and gives them to QEMU's user."),
                self.root,
            ),
            Step(
                "locks",
                msg("storage.locks.title", "Locks"),
                msg("storage.locks.why", "A lock keeps a second QEMU, on any host, from writing to the same disk."),
                self.locks,
            ),
            space_step(self.space),
            content_step(self.content),
            Step(
                "latency",
                msg("storage.latency.title", "Write latency"),
                msg("storage.latency.why", "Each commit of a guest's database waits for one such write."),
                self.latency,
            ),
        ]

    def probe(self, action: str, user: QemuUser | None) -> dict[str, Any]:
        """What ``file_probe`` says. Raises OSError, Overdue, Cancelled; ValueError when it says nothing."""
        rights = None if user is None else {"uid": user.uid, "gid": user.gid, "groups": list(user.groups)}
        given = self._given and user is not None and action != "look"
        asked = json.dumps({"action": action, "path": self.path, "user": rights, "given": given})
        done = self.programs.run([sys.executable, "-I", "-S", str(_PROBE)], _LIMIT_S, asked)
        if done.code != 0:
            raise OSError(f"the probe ended with {done.code}: {done.said[-300:]}")
        answer: dict[str, Any] = json.loads(done.out)
        return answer

    def qemu(self) -> QemuUser:
        """Raises RhvError ``storage.no_qemu_user``."""
        if self._user is None:
            self._user = read_qemu_user()
        return self._user

    def look(self) -> dict[str, Any]:
        """Owner, room and names, read once; ``errno`` in it when root may not even look."""
        if not self._seen:
            self._seen = self.probe("look", None)
            if "errno" in self._seen:
                # A squashed root may be shut out where QEMU's user is not.
                self._seen = self.probe("look", self.qemu())
        return self._seen

    def write(self) -> Found:
        """Make, write, read back and remove a file as QEMU's user."""
        user = self.qemu()
        seen = self.look()
        answer = self._write_as(user)
        owner = f"{seen.get('mode', '?')} {seen.get('uid', '?')}:{seen.get('gid', '?')}"
        evidence = [
            (f"stat {self.path}", owner if "errno" not in seen else seen["detail"]),
            (f"write as {user.name} ({user.uid}:{user.gid})", answer.get("detail", "written, read back and removed")),
        ]
        if "errno" in answer:
            return _refused(answer["errno"], user, evidence, self._given)
        if not answer["same"]:
            text = msg("storage.write.differs", "What was read back is not what was written.")
            return Found(ERROR, text, evidence, _SERVER_FAULT, stop=True)
        self._qemu_is = int(answer["uid"])
        if answer["uid"] != user.uid:
            text = msg(
                "storage.write.mapped",
                "QEMU's user may write; its files belong to the user {uid} there.",
                uid=answer["uid"],
            )
            return Found(OK, text, evidence)
        return Found(OK, msg("storage.write.ok", "QEMU's user {user} may write.", user=user.name), evidence)

    def _write_as(self, user: QemuUser) -> dict[str, Any]:
        answer = self.probe("write", user)
        if not self._given or answer.get("errno") not in ("EACCES", "EPERM"):
            return answer
        # What lies there may be a server that lets nobody give files away, but QEMU's user make its own.
        self._given = False
        other = self.probe("write", user)
        if "errno" not in other:
            return other
        self._given = True
        return answer

    def root(self) -> Found:
        """Whether root's files are root's there; root copies and proves the disk of an engine, which must be QEMU's."""
        found = self._root()
        if self._earlier is not None and found.severity == WARNING:
            return replace(found, severity=ERROR, remedy=SQUASHED)
        return found

    def _root(self) -> Found:
        answer = self.probe("write", None)
        if "errno" in answer:
            tried = [("write as root", answer["detail"])]
            if answer["errno"] not in ("EACCES", "EPERM"):
                text = msg("storage.root.failed", "Root cannot write there ({error}).", error=answer["errno"])
                return Found(ERROR, text, tried, _REFUSALS.get(answer["errno"], (text, _SERVER_FAULT))[1])
            text = msg("storage.root.refused", "Root may not write there, only QEMU's user may.")
            return Found(WARNING, text, tried, _SQUASH)
        evidence = [("write as root", f"the file belongs to {answer['uid']}:{answer['gid']}")]
        # With a server that makes all of them one user, root's files are QEMU's: by whom its own belong to there.
        if answer["uid"] not in (0, self.qemu().uid if self._qemu_is is None else self._qemu_is):
            text = msg(
                "storage.root.squashed",
                "The server turns root into the user {uid}; this host cannot give files to QEMU's user there.",
                uid=answer["uid"],
            )
            return Found(WARNING, text, evidence, _SQUASH)
        if answer["uid"] != 0:
            return Found(OK, msg("storage.root.mapped", "What root writes belongs to QEMU's user there."), evidence)
        return Found(OK, msg("storage.root.ok", "Root may write and give files away."), evidence)

    def locks(self) -> Found:
        """A lock as QEMU takes it."""
        answer = self.probe("locks", self.qemu())
        source = "F_OFD_SETLK, bytes 100 and 200"
        if "errno" in answer:
            text = msg("storage.locks.none", "Locks do not work there.")
            return Found(ERROR, text, [(source, answer["detail"])], _LOCK_REMEDY)
        if not answer["refused"]:
            text = msg("storage.locks.useless", "A second opener gets the same lock: locks protect nothing there.")
            return Found(ERROR, text, [(source, "granted twice")], _LOCK_REMEDY)
        return Found(
            OK, msg("storage.locks.ok", "A lock keeps a second opener out."), [(source, "the second was refused")]
        )

    def space(self) -> Found:
        """Room, judged by what is needed."""
        seen = self.look()
        if "errno" in seen:
            return Found(
                UNKNOWN, msg("storage.space.unread", "The free space cannot be read."), [("statvfs", seen["detail"])]
            )
        if seen["free_files"] == 0:
            text = msg("storage.space.files", "No further file can be made there: the file system has no inodes left.")
            return Found(ERROR, text, [(f"statvfs {self.path}", "0 inodes free")], SPACE_REMEDY)
        return judge_room(seen["free"], seen["size"], self.need_gib, f"statvfs {self.path}")

    def content(self) -> Found:
        """Empty, or what lies there; first what would stand in an engine's way."""
        in_the_way = self._earlier.look(self.path, self.programs) if self._earlier else None
        if in_the_way is not None:
            return in_the_way
        seen = self.look()
        if "errno" in seen:
            return Found(
                UNKNOWN, msg("storage.content.unread", "The contents cannot be read."), [("readdir", seen["detail"])]
            )
        return judge_names(seen["names"], seen["domains"], self.path, self._given)

    def latency(self) -> Found:
        """Single safe writes."""
        answer = self.probe("latency", self.qemu())
        if "errno" in answer:
            text = msg("storage.latency.failed", "The latency could not be measured: {reason}", reason=answer["errno"])
            return Found(ERROR, text, [("write", answer["detail"])], SPACE_REMEDY)
        return judge_latency(answer["ms"], "4 KiB, write and fsync")


def judge_room(free: int, size: int, need_gib: float | None, source: str) -> Found:
    """``free`` and ``size`` in bytes."""
    evidence = [(source, f"{free} of {size} bytes free")]
    figures = {"free": round(free / GIB, 2), "size": round(size / GIB, 2)}
    if free < 2**20 or (need_gib is not None and free < need_gib * GIB):
        text = msg("storage.space.short", "{free} GiB of {size} GiB are free: too little.", **figures)
        return Found(ERROR, text, evidence, SPACE_REMEDY)
    if need_gib is None and free < _LITTLE:
        text = msg("storage.space.little", "Only {free} GiB of {size} GiB are free.", **figures)
        return Found(WARNING, text, evidence, SPACE_REMEDY)
    return Found(OK, msg("storage.space.ok", "{free} GiB of {size} GiB are free.", **figures), evidence)


def judge_names(names: Sequence[str], domains: Sequence[str], path: str, local: bool = False) -> Found:
    """``names``: entries of the directory; ``domains``: those that are storage domains of an oVirt engine.

    ``local``: a directory of this host, where disks of other guests are nothing unusual.
    """
    others = [name for name in names if name not in _ORDINARY]
    if not others:
        return Found(OK, msg("storage.content.empty", "It is empty."), [(f"readdir {path}", "nothing")])
    evidence = [(f"readdir {path}", ", ".join(others[:20]) + (", …" if len(others) > 20 else ""))]
    remedy = msg("storage.content.remedy", "Choose an empty place, or see first whom that belongs to.")
    if domains:
        text = msg(
            "storage.content.domain",
            "It holds the storage domain {domain} of an oVirt or RHV engine.",
            domain=", ".join(domains),
        )
        return Found(WARNING, text, evidence, remedy)
    disks = [name for name in others if name.lower().endswith(_DISKS)]
    if disks:
        text = msg("storage.content.disks", "It holds disks already: {names}.", names=", ".join(disks[:5]))
        return Found(OK, text, evidence) if local else Found(WARNING, text, evidence, remedy)
    return Found(
        WARNING, msg("storage.content.other", "It is not empty: {count} entries.", count=len(others)), evidence, remedy
    )


def _refused(name: str, user: QemuUser, evidence: Sequence[tuple[str, str]], given: bool) -> Found:
    if given and name in ("EACCES", "EPERM"):
        text = msg("storage.write.closed", "QEMU's user {user} cannot open a disk there.", user=user.name)
        remedy = msg(
            "storage.write.closed.remedy",
            "Let that user pass through the directory and all above it (chmod o+x), or choose another one.",
        )
        return Found(ERROR, text, evidence, remedy, stop=True)
    text, remedy = _REFUSALS.get(name, (_WRITE_FAILED, _SERVER_FAULT))
    return Found(ERROR, msg(text.id, text.text, user=user.name, error=name), evidence, remedy, stop=True)


SPACE_REMEDY = msg("storage.space.remedy", "Make room, raise the quota, or choose another place.")
_SERVER_FAULT = msg("storage.write.server", "See the server's own log; this host can do nothing about it.")
_SQUASH = msg(
    "storage.root.remedy",
    "Export it with no_root_squash to this host, or keep in mind that only QEMU's user may write.",
)
SQUASHED = msg(
    "checks.shared.squashed.remedy",
    "Export it with no_root_squash to this host, or with all_squash and QEMU's user as anonuid.",
)
_LOCK_REMEDY = msg(
    "storage.locks.remedy",
    "Use NFS 4, or for version 3 let rpc.statd and the server's lock service run; leave out nolock and local_lock.",
)
_WRITE_FAILED = msg("storage.write.failed", "QEMU's user {user} cannot write there ({error}).")
_REFUSALS: dict[str, tuple[Message, Message]] = {
    "EROFS": (
        msg("storage.write.read_only", "Nothing can be written there: it is read-only."),
        msg("storage.write.read_only.remedy", "Export it with rw to this host, or leave out the option ro."),
    ),
    **dict.fromkeys(
        ("EACCES", "EPERM"),
        (
            msg("storage.write.denied", "QEMU's user {user} may not write there."),
            msg(
                "storage.write.denied.remedy",
                "Give the directory to that user or its group on the server, or map users with anonuid and all_squash.",
            ),
        ),
    ),
    **dict.fromkeys(("ENOSPC", "EDQUOT"), (msg("storage.write.full", "There is no room left to write."), SPACE_REMEDY)),
    "ESTALE": (
        msg("storage.write.stale", "The server has forgotten this directory (stale file handle)."),
        msg("storage.write.stale.remedy", "Export it again on the server (exportfs -ra); it was removed or replaced."),
    ),
    "ENOENT": (
        msg("storage.write.gone", "The directory does not exist."),
        msg("storage.write.gone.remedy", "Make the directory, or correct the path."),
    ),
    "ENOTDIR": (
        msg("storage.write.file", "It is not a directory."),
        msg("storage.write.gone.remedy", "Make the directory, or correct the path."),
    ),
}
