# SPDX-License-Identifier: Apache-2.0
"""A cgroup of its own for each container, on a machine whose init is not systemd and gives it none.

Without, all containers have the machine's root as theirs: a unit of one is then the unit of that name of another, and
a guest's scope in one keeps the next guest of that number in the other from starting.
"""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Callable

if TYPE_CHECKING:
    from collections.abc import Iterator


def hierarchies() -> list[Path]:
    """Where systemd keeps its units: the unified hierarchy, and on older set-ups the named one beside it."""
    found = []
    for line in Path("/proc/mounts").read_text().splitlines():
        _device, place, kind, options = line.split()[:4]
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options.split(",")):
            found.append(Path(place))
    return found


def entering(name: str) -> list[str]:
    """The start of a command line that first moves itself into the cgroup ``name``; the rest follows as it is."""
    moves = " && ".join(
        f"mkdir -p {folder / name} && echo $$ > {folder / name}/cgroup.procs" for folder in hierarchies()
    )
    return ["sh", "-c", f'{moves or "true"}; exec "$@"', "sh"]


def remove(name: str) -> None:
    """Remove what is left of the cgroup; nothing runs in it any more."""
    for hierarchy in hierarchies():
        top = hierarchy / name
        folders = sorted((path for path in top.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts))
        for folder in [*folders, top]:
            if folder.is_dir():
                folder.rmdir()


@contextmanager
def little_memory(name: str, pid: int, mib: int) -> Iterator[Callable[[], bool]]:
    """The process ``pid`` of this machine may take ``mib`` MiB more and no page beyond: the kernel kills it for that.

    It alone is in the cgroup ``name``, so nothing else can be killed. Yields what says whether the kernel has done so;
    at the end the process must be gone.
    """
    folder, limit, events = _memory_hierarchy()
    folder /= name
    folder.mkdir()
    try:
        (folder / limit).write_text(f"{mib * 1024 * 1024}")
        (folder / "cgroup.procs").write_text(f"{pid}")
        yield lambda: "oom_kill 1" in (folder / events).read_text().splitlines()
    finally:
        folder.rmdir()


def _memory_hierarchy() -> tuple[Path, str, str]:
    """Where memory is limited, and the files that do it and tell of it: the unified hierarchy, or one of its own."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _device, place, kind, options = line.split()[:4]
        if kind == "cgroup" and "memory" in options.split(","):
            return Path(place), "memory.limit_in_bytes", "memory.oom_control"
        if kind == "cgroup2" and "memory" in (Path(place) / "cgroup.subtree_control").read_text().split():
            return Path(place), "memory.max", "memory.events"
    raise RuntimeError("this machine's kernel limits nobody's memory")
