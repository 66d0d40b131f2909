# SPDX-License-Identifier: Apache-2.0
"""What an engine of the wanted name left in a place: told by a test of it, and removed when somebody confirms it."""

from __future__ import annotations

import json
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

    :attr:`files` is filled by the test's step ``content``.
    """

    def __init__(self, engine: str, own: Collection[str] = ()) -> None:
        self.engine = engine
        self._own = frozenset(own)
        self.files: list[EarlierFile] = []

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
        names = ", ".join(file.name for file in self.files)
        if any(file.in_use for file in self.files):
            text = msg(
                "storage.earlier.in_use",
                "An engine VM of this name runs from this place, on this host or another one: {names}.",
                names=names,
            )
            return Found(ERROR, text, evidence, _ANOTHER)
        text = msg("storage.earlier.found", "It holds what an earlier engine of this name left: {names}.", names=names)
        remedy = msg(
            "storage.earlier.remedy",
            "Choose another name for the engine VM or another place, or delete these files for good.",
        )
        return Found(ERROR, text, evidence, remedy)


def wipe_files(path: str, programs: Programs, files: Sequence[Mapping[str, str]]) -> list[str]:
    """Remove these files (``name``, ``mark``), all or none; returns their names.

    Raises RhvError ``storage.earlier.*``, OSError, Overdue, Cancelled.
    """
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


def _probe(programs: Programs, action: str, path: str, files: Sequence[Any], limit_s: float) -> dict[str, Any]:
    answer = _ask(programs, {"action": action, "path": path, "files": files, "user": None}, limit_s)
    if answer.get("errno") in ("EACCES", "EPERM") or any(
        entry["regular"] and entry["in_use"] is None for entry in answer.get("files", ())
    ):
        # A server that squashes root shows and gives QEMU's files to QEMU's user alone.
        user = read_qemu_user()
        rights = {"uid": user.uid, "gid": user.gid, "groups": list(user.groups)}
        other = _ask(programs, {"action": action, "path": path, "files": files, "user": rights}, limit_s)
        return answer if "errno" in other else other
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
