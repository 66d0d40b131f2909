# SPDX-License-Identifier: Apache-2.0
"""Free space and inodes of the file systems that hold images, and of those that hold logs and state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import RhvError
from ..messages import msg
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..host.space import Space
    from .context import Context

#: Percent free. 10 is oVirt's default for a storage domain (WarningLowSpaceIndicator); below 3 it is a matter of hours.
LOW_PERCENT, EMPTY_PERCENT = 10, 3
_MIB = 2**20

IMAGES = "/var/lib/libvirt/images"
#: Logs, libvirt's and our own state, and what systemd and everybody else writes.
LOGS = ("/", "/var", "/var/log", "/var/lib/libvirt", "/var/lib/cockpit-rhv", "/run", "/tmp")  # noqa: S108


class _FileSystem(NamedTuple):
    """``path``: the first of the asked folders that lies on it."""

    path: str
    space: Space


def check_images(context: Context) -> Outcome:
    """Folders of pools and of guests' disks; where libvirt does not answer, at least its default folder."""
    folders = {IMAGES}
    blind = None
    try:
        folders.update(pool.target for pool in context.pools if pool.active and pool.target)
        folders.update(str(Path(disk).parent) for domain in context.hypervisor.domains for disk in domain.disks)
    except RhvError as error:
        blind = error
    outcome = _judge(context, sorted(folders))
    if blind is not None and outcome.severity in (OK, NOT_APPLICABLE):
        text = msg("checks.space.blind", "libvirt does not say where guests have their disks.")
        return Outcome(UNKNOWN, text, [*outcome.evidence, Evidence(blind.code, blind.detail or str(blind.message))])
    return outcome


def check_logs(context: Context) -> Outcome:
    """The folders that every service writes to."""
    return _judge(context, LOGS)


def _judge(context: Context, folders: Iterable[str]) -> Outcome:
    found, silent = _read(context, folders)
    evidence = [
        *(Evidence(f"statvfs({item.path})", _words(item.space)) for item in found),
        *(Evidence(f"statvfs({path})", reason) for path, reason in silent),
    ]
    empty = [item for item in found if _percent(item.space) < EMPTY_PERCENT]
    low = [item for item in found if _percent(item.space) < LOW_PERCENT]
    if low:
        worst = min(low, key=lambda item: _percent(item.space))
        values: dict[str, str | float] = {"path": worst.path, "percent": round(_percent(worst.space), 1)}
        if _inode_percent(worst.space) < _byte_percent(worst.space):
            text = msg("checks.space.inodes", "{path}: {percent} % of the inodes are free.", **values)
            remedy = msg(
                "checks.space.inodes.remedy", "Remove small files, or make the file system anew with more inodes."
            )
        else:
            text = msg("checks.space.low", "{path}: {percent} % are free.", **values)
            remedy = msg("checks.space.remedy", "Remove what is not needed, or enlarge the file system.")
        return Outcome(ERROR if empty else WARNING, text, evidence, remedy)
    if silent:
        path, reason = silent[0]
        return Outcome(
            UNKNOWN,
            msg("checks.space.silent", "The free space of {path} cannot be read: {reason}", path=path, reason=reason),
            evidence,
            msg(
                "checks.space.silent.remedy",
                "If it lies on a file server, see whether that answers: df {path}",
                path=path,
            ),
        )
    if not found:
        return Outcome(NOT_APPLICABLE, msg("checks.space.none", "None of these folders exists on this host."), evidence)
    tightest = min(found, key=lambda item: _percent(item.space))
    text = msg(
        "checks.space.ok",
        "Of each at least {percent} % are free ({path}).",
        percent=round(_percent(tightest.space)),
        path=tightest.path,
    )
    return Outcome(OK, text, evidence)


def _read(context: Context, folders: Iterable[str]) -> tuple[Sequence[_FileSystem], Sequence[tuple[str, str]]]:
    """Each file system once; and the folders that did not answer."""
    found: dict[int, _FileSystem] = {}
    silent: list[tuple[str, str]] = []
    for folder in folders:
        try:
            space = context.probes.space(context.probes.root / folder.lstrip("/"))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            silent.append((folder, error.strerror or str(error)))
            continue
        # /proc and the like have no blocks at all.
        if space.total_bytes > 0:
            found.setdefault(space.device, _FileSystem(folder, space))
    return list(found.values()), silent


def _byte_percent(space: Space) -> float:
    return 100 * space.free_bytes / space.total_bytes


def _inode_percent(space: Space) -> float:
    # btrfs and others make inodes as they are needed and report none.
    return 100 * space.free_inodes / space.inodes if space.inodes > 0 else 100.0


def _percent(space: Space) -> float:
    return min(_byte_percent(space), _inode_percent(space))


def _words(space: Space) -> str:
    inodes = f", {space.free_inodes} of {space.inodes} inodes free" if space.inodes else ""
    return f"{space.free_bytes // _MIB} MiB of {space.total_bytes // _MIB} MiB free{inodes}"


CHECKS = (
    Check(
        "space.images",
        msg("checks.space_images.title", "Space for disk images"),
        msg("checks.space_images.why", "A guest whose disk cannot grow is paused in the middle of its work."),
        check_images,
        health_only=True,
        limit_s=20.0,
    ),
    Check(
        "space.logs",
        msg("checks.space_logs.title", "Space for logs and state"),
        msg("checks.space_logs.why", "Where nothing can be written services fail in odd ways, and no log says why."),
        check_logs,
        health_only=True,
    ),
)
