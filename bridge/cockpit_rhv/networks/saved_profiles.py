# SPDX-License-Identifier: Apache-2.0
"""NetworkManager's profiles as files: read byte by byte before a change, put back without asking NetworkManager."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Where profiles are written. What is in /run is made anew at each boot.
_PLACES = (
    "etc/NetworkManager/system-connections",
    "etc/sysconfig/network-scripts",
    "run/NetworkManager/system-connections",
)
#: Cards that get no profile by themselves any more, because theirs was changed.
_NO_DEFAULT = "var/lib/NetworkManager/no-auto-default.state"
_VOLATILE = "run/"
_UUID = re.compile(rb"^(?:uuid=|UUID=)\"?([0-9A-Fa-f-]{36})\"?\s*$", re.MULTILINE)


class Saved(NamedTuple):
    """One file, by base64; or a link to what ``target`` says. ``mode``: its permissions."""

    mode: int
    data: str
    target: str | None = None

    @property
    def digest(self) -> str:
        """Of what is in it."""
        return hashlib.sha256(f"{self.target}\n{self.data}".encode()).hexdigest()

    @property
    def uuids(self) -> set[bytes]:
        """Of the profiles in it."""
        return set(_UUID.findall(base64.b64decode(self.data)))


class Restored(NamedTuple):
    """Paths: ``changed`` are as before again, ``others`` were changed by somebody else since and stay, ``failed``:
    with what went wrong."""

    changed: list[str]
    others: list[str]
    failed: dict[str, str]


def read_profiles(root: Path = Path("/")) -> dict[str, Saved]:
    """Every profile's file by its path below ``root``. Raises OSError for one that cannot be read."""
    return {str(path.relative_to(root)): saved for path in _paths(root) if (saved := _read(path)) is not None}


def digests(profiles: Mapping[str, Saved]) -> dict[str, str]:
    """Enough to know later whether a file is still the same."""
    return {path: saved.digest for path, saved in profiles.items()}


def put_back(
    before: Mapping[str, Saved], after: Mapping[str, str] | None, root: Path = Path("/"), *, booted: bool = False
) -> Restored:
    """Make the profiles what they were, durably. ``after``: digests when the change was done, None when it never was.

    ``booted``: since then. Then a file that is neither as before nor as after the change is somebody else's, and what
    belongs into /run comes by itself.
    """
    now = read_profiles(root)
    known = {uuid for saved in before.values() for uuid in saved.uuids}
    result = Restored([], [], {})
    for path in sorted({*before, *now}):
        if booted and path.startswith(_VOLATILE):
            continue
        was, found = before.get(path), now.get(path)
        if (was and was.digest) == (found and found.digest):
            continue
        if not _is_ours(was, found, after, path, known, booted):
            if was is not None or not path.startswith(_VOLATILE):  # there it notes what it merely found
                result.others.append(path)
            continue
        try:
            _write(root / path, was) if was else _remove(root / path)
        except OSError as error:
            result.failed[path] = str(error)
        else:
            result.changed.append(path)
    return result


def _is_ours(
    was: Saved | None, found: Saved | None, after: Mapping[str, str] | None, path: str, known: set[bytes], booted: bool
) -> bool:
    if after is None:
        return True  # it was ended in the middle: nobody knows how far it came
    digest, left = found.digest if found else None, after.get(path)
    if digest == left or booted:
        return digest == left
    # NetworkManager's own way back writes a profile in its own words, and sometimes under another name.
    if was is not None:
        return left != was.digest
    return path in after or (found is not None and bool(found.uuids & known))


def _paths(root: Path) -> Iterator[Path]:
    for place in _PLACES:
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            yield from sorted((root / place).iterdir())
    yield root / _NO_DEFAULT


def _read(path: Path) -> Saved | None:
    """None for what is no file: a folder, or nothing at all."""
    try:
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            return Saved(0, "", os.readlink(path))
        if not stat.S_ISREG(mode):
            return None
        return Saved(stat.S_IMODE(mode), base64.b64encode(path.read_bytes()).decode("ascii"))
    except FileNotFoundError:
        return None


def _write(path: Path, saved: Saved) -> None:
    # NetworkManager passes over names that begin with a dot.
    temporary = path.with_name(f".{path.name}.cockpit-rhv")
    path.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        temporary.unlink()
    if saved.target is not None:
        temporary.symlink_to(saved.target)
    else:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as stream:
            os.fchmod(stream.fileno(), saved.mode)
            stream.write(base64.b64decode(saved.data))
            stream.flush()
            os.fsync(stream.fileno())
    os.replace(temporary, path)
    _sync(path.parent)


def _remove(path: Path) -> None:
    path.unlink()
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
