# SPDX-License-Identifier: Apache-2.0
"""What an engine of the wanted name left in a place: told by a test of it, and removed when somebody confirms it."""

from __future__ import annotations

import json
import platform
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .qemu_user import read_qemu_user
from .steps import ERROR, UNKNOWN, Found

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from .programs import Programs

_PROBE = Path(__file__).with_name("earlier_probe.py")
_LIMIT_S = 10.0
#: Freeing many gigabytes takes a file system some time.
_WIPE_LIMIT_S = 60.0
GIB = 2**30
#: As ``deploy/`` signs.
_NAME_LENGTH = 256


def engine_file_names(engine: str) -> list[str]:
    """As ``deploy/`` names them: the disk first, then unfinished copies, the config drive, and those of an upgrade."""
    beside = [f"{engine}.{part}.qcow2" for part in ("partial", "next", "previous", "layer")]
    return [f"{engine}.qcow2", f".{engine}.qcow2.partial", f"{engine}-cidata.iso", *beside]


class EarlierFile(NamedTuple):
    """Definition ``StorageEarlierFile``; sizes in bytes. ``mark``: changes with the file."""

    name: str
    size: int
    allocated: int
    virtual: int | None
    modified_s: int
    in_use: bool | None
    mark: str

    def to_json(self) -> dict[str, Any]:
        """Wire form."""
        return {
            "name": self.name,
            "size_bytes": self.size,
            "allocated_bytes": self.allocated,
            "virtual_bytes": self.virtual,
            "modified_s": self.modified_s,
            "in_use": self.in_use,
            "mark": self.mark,
        }


class Earlier:
    """``engine``: name of the planned VM; ``own``: names of files an unfinished deployment may take over itself.

    :attr:`files` and :attr:`signed`, who started that engine last ("" for nobody, None where that cannot be read), are
    filled by the test's step ``content``. ``unseen``: a mount option because of which no lock of another host is seen.
    """

    def __init__(self, engine: str, own: Collection[str] = ()) -> None:
        self.engine = engine
        self._own = frozenset(own)
        self.files: list[EarlierFile] = []
        self.signed: str | None = ""
        self.unseen: str | None = None

    @property
    def elsewhere(self) -> bool:
        """Whether that engine may be another host's, which :func:`wipe_files` wants to be confirmed."""
        return not _ours(self.signed)

    def look(self, path: str, programs: Programs) -> Found | None:
        """What stands in the way of a new engine; None when nothing does. Raises OSError, Overdue, Cancelled."""
        asked = [name for name in engine_file_names(self.engine) if name not in self._own]
        answer = _probe(programs, "look", path, asked, _LIMIT_S)
        if "errno" in answer:
            text = msg("storage.earlier.unread", "Whether an earlier engine's files lie there cannot be read.")
            return Found(UNKNOWN, text, [(f"readdir {path}", answer["detail"])])
        evidence = [(f"stat {path}/{entry['name']}", _shown(entry)) for entry in answer["files"]]
        strange = next((entry for entry in answer["files"] if not entry["regular"]), None)
        if strange is not None:
            text = msg("storage.earlier.strange", "{name} is there and is no ordinary file.", name=strange["name"])
            return Found(ERROR, text, evidence, _ANOTHER)
        self.files = [_file(entry) for entry in answer["files"]]
        if not self.files:
            return None
        self.signed = answer["signed"]
        evidence.append(
            (f"{path}/.{self.engine}.qcow2.host", "unreadable" if self.signed is None else self.signed or "-")
        )
        names = ", ".join(file.name for file in self.files)
        if any(file.in_use for file in self.files):
            text = msg(
                "storage.earlier.in_use",
                "An engine VM of this name runs from this place, on this host or another one: {names}.",
                names=names,
            )
            return Found(ERROR, text, evidence, _ANOTHER)
        if self.unseen is not None:
            self.files = [file._replace(in_use=None) for file in self.files]
            text = msg(
                "storage.earlier.unseen",
                "Whether an engine VM of this name runs from {names} is unknown: because of {option} other hosts' "
                "locks are not seen here.",
                names=names,
                option=self.unseen,
            )
            return Found(ERROR, text, evidence, _ANOTHER)
        if self.elsewhere:
            text = msg(
                "storage.earlier.elsewhere",
                "An engine of this name lies there, which the host {host} started last and may only have switched off: "
                "{names}.",
                host=self.signed or "?",
                names=names,
            )
            return Found(ERROR, text, evidence, _ANOTHER)
        text = msg("storage.earlier.found", "It holds what an earlier engine of this name left: {names}.", names=names)
        remedy = msg(
            "storage.earlier.remedy",
            "Choose another name for the engine VM or another place, or delete these files for good.",
        )
        return Found(ERROR, text, evidence, remedy)


def _ours(signed: str | None) -> bool:
    return signed in ("", platform.node()[:_NAME_LENGTH])


def wipe_files(path: str, programs: Programs, files: Sequence[Mapping[str, str]], confirmed: bool = False) -> list[str]:
    """Remove these files (``name``, ``mark``), all or none; returns their names.

    ``confirmed``: even where another host has signed the engine's disk.
    Raises RhvError ``storage.earlier.*``, OSError, Overdue, Cancelled.
    """
    if not confirmed:
        _refuse_signed(_probe(programs, "look", path, [file["name"] for file in files], _LIMIT_S))
    answer = _probe(programs, "wipe", path, list(files), _WIPE_LIMIT_S)
    if "changed" in answer:
        raise RhvError(
            "storage.earlier.changed",
            msg("storage.earlier.changed", "{name} is not what it was any more.", name=answer["changed"]),
            msg(
                "storage.earlier.changed.hint", "Nothing was deleted. Test the storage again and look at what is there."
            ),
        )
    if "in_use" in answer:
        raise RhvError(
            "storage.earlier.busy",
            msg("storage.earlier.busy", "A virtual machine that runs has {name} open.", name=answer["in_use"]),
            msg("storage.earlier.busy.hint", "Nothing was deleted. It may run on another host."),
        )
    if "errno" in answer:
        raise RhvError(
            "storage.earlier.kept",
            msg("storage.earlier.kept", "The files cannot be deleted ({error}).", error=answer["errno"]),
            msg("storage.earlier.kept.hint", "Delete them on the server, or test the storage again."),
            answer["detail"],
        )
    removed: list[str] = answer["removed"]
    return removed


def _refuse_signed(seen: Mapping[str, Any]) -> None:
    # What cannot be looked at is not deleted either.
    signed = seen.get("signed")
    if "errno" in seen or _ours(signed):
        return
    raise RhvError(
        "storage.earlier.unconfirmed",
        msg(
            "storage.earlier.unconfirmed",
            "The host {host} started this engine last: it may be a working one that is switched off.",
            host=signed or "?",
        ),
        msg("storage.earlier.unconfirmed.hint", "Nothing was deleted. Confirm it with the engine's name."),
    )


def _probe(programs: Programs, action: str, path: str, files: Sequence[Any], limit_s: float) -> dict[str, Any]:
    answer = _ask(programs, {"action": action, "path": path, "files": files, "user": None}, limit_s)
    if answer.get("errno") in ("EACCES", "EPERM") or any(
        entry["regular"] and entry["in_use"] is None for entry in answer.get("files", ())
    ):
        # A server that squashes root shows and gives QEMU's files to QEMU's user alone.
        user = read_qemu_user()
        rights = {"uid": user.uid, "gid": user.gid, "groups": list(user.groups)}
        other = _ask(programs, {"action": action, "path": path, "files": files, "user": rights}, limit_s)
        if "errno" in other:
            return answer
        # The signature is root's, whom such a server may still let read it.
        return {**other, "signed": answer["signed"]} if answer.get("signed") is not None else other
    return answer


def _ask(programs: Programs, asked: Mapping[str, Any], limit_s: float) -> dict[str, Any]:
    done = programs.run([sys.executable, "-I", "-S", str(_PROBE)], limit_s, json.dumps(asked))
    if done.code != 0:
        raise OSError(f"the probe ended with {done.code}: {done.said[-300:]}")
    answer: dict[str, Any] = json.loads(done.out)
    return answer


def _file(entry: Mapping[str, Any]) -> EarlierFile:
    figures = (entry["size"], entry["allocated"], entry["virtual"], entry["modified"])
    return EarlierFile(entry["name"], *figures, entry["in_use"], entry["mark"])


def _shown(entry: Mapping[str, Any]) -> str:
    virtual = "" if entry["virtual"] is None else f", a disk of {round(entry['virtual'] / GIB, 1)} GiB"
    used = {None: "unknown whether in use", True: "in use", False: "not in use"}[entry["in_use"]]
    return f"{entry['allocated']} bytes allocated{virtual}, modified {entry['modified']}, {used}"


_ANOTHER = msg("storage.earlier.another", "Choose another name for the engine VM, or another place.")
