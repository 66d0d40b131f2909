# SPDX-License-Identifier: Apache-2.0
"""Disks that are reached over several paths, and the paths that have failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..errors import RhvError
from ..host.files import read_text
from ..messages import msg
from .asking import ask, json_in, shown
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check
from .units import start_unit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .context import Context

DAEMON = "multipathd.service"
_COMMAND = ("multipathd", "show", "maps", "json")
#: What the checker says of a path that works, or of one that stands by. multipathd(8).
_WORKS = ("ready", "ghost", "delayed")
PATH_REMEDY = msg(
    "checks.multipath.remedy",
    "Look at the cable, switch and port of the failed path; “multipath -ll” shows which adapter it uses.",
)
SINGLE_REMEDY = msg(
    "checks.multipath.single.remedy",
    "See where the other path has gone. A disk inside this host has no other: keep multipath off it with a blacklist "
    "in /etc/multipath/conf.d.",
)


class DiskPath(NamedTuple):
    """``state``: what the checker and the kernel say of it."""

    device: str
    state: str
    works: bool


class MultipathDisk(NamedTuple):
    """One disk, however many ways lead to it."""

    name: str
    paths: tuple[DiskPath, ...]

    @property
    def failed(self) -> list[str]:
        """Devices of the paths that do not work."""
        return [path.device for path in self.paths if not path.works]


def parse_maps(output: str) -> list[MultipathDisk]:
    """What ``multipathd show maps json`` printed. Raises RhvError ``checks.multipath.strange``."""
    try:
        return [
            MultipathDisk(
                str(disk["name"]),
                tuple(
                    DiskPath(
                        str(path["dev"]),
                        f"{path['chk_st']}, {path['dm_st']}",
                        path["chk_st"] in _WORKS and path["dm_st"] != "failed",
                    )
                    for group in disk["path_groups"]
                    for path in group["paths"]
                ),
            )
            for disk in json_in(output, dict)["maps"]
        ]
    except (ValueError, KeyError, TypeError) as error:
        text = msg("checks.multipath.strange", "The answer of multipathd is in a form that is not known.")
        raise RhvError("checks.multipath.strange", text, detail=shown(output)) from error


def kernel_maps(root: Path) -> list[str]:
    """Names of the multipath disks the kernel has, whether anybody watches them or not. Raises OSError."""
    found = []
    for device in sorted((root / "sys/block").iterdir()):
        if device.name.startswith("dm-") and read_text(device / "dm/uuid").startswith("mpath-"):
            found.append(read_text(device / "dm/name"))
    return found


def check_multipath(context: Context) -> Outcome:
    """The kernel says which disks there are, multipathd how their paths are."""
    known = kernel_maps(context.probes.root)
    evidence = [Evidence("/sys/block/dm-*/dm", ", ".join(known) or "no multipath disks")]
    if not known:
        return Outcome(
            NOT_APPLICABLE, msg("checks.multipath.none", "No disk of this host has several paths."), evidence
        )
    state = context.probes.unit_states([DAEMON])[DAEMON]
    if state.active != "active":
        return Outcome(
            ERROR,
            msg(
                "checks.multipath.unwatched", "Nobody watches the paths of this host's disks: multipathd does not run."
            ),
            [*evidence, Evidence(f"systemctl show {DAEMON}", state.active)],
            msg("checks.multipath.unwatched.remedy", "Start it: systemctl enable --now multipathd"),
            remedy_job=start_unit(DAEMON),
        )
    done = ask(context, _COMMAND, 5.0)
    if done is None or done.code != 0:
        text = msg("checks.multipath.denied", "multipathd does not tell of its paths; only an administrator may ask.")
        said = "not found" if done is None else shown(done.output)
        return Outcome(UNKNOWN, text, [*evidence, Evidence(" ".join(_COMMAND), said)])
    return _judge(known, parse_maps(done.output))


def _judge(known: Sequence[str], disks: Sequence[MultipathDisk]) -> Outcome:
    evidence = [
        Evidence(
            f"multipathd show maps: {disk.name}",
            "; ".join(f"{path.device} {path.state}" for path in disk.paths) or "no paths",
        )
        for disk in disks
    ]
    dead = [disk.name for disk in disks if len(disk.failed) == len(disk.paths)]
    if dead:
        text = msg("checks.multipath.dead", "No path leads to these disks any more: {disks}", disks=", ".join(dead))
        return Outcome(ERROR, text, evidence, PATH_REMEDY)
    failed = [device for disk in disks for device in disk.failed]
    if failed:
        text = msg("checks.multipath.failed", "Failed paths to disks: {paths}", paths=", ".join(failed))
        return Outcome(WARNING, text, evidence, PATH_REMEDY)
    missing = sorted(set(known) - {disk.name for disk in disks})
    if missing:
        text = msg(
            "checks.multipath.unknown", "Of these disks multipathd knows nothing: {disks}", disks=", ".join(missing)
        )
        return Outcome(UNKNOWN, text, evidence)
    single = [disk.name for disk in disks if len(disk.paths) == 1]
    if single:
        text = msg("checks.multipath.single", "One path only leads to these disks: {disks}", disks=", ".join(single))
        return Outcome(WARNING, text, evidence, SINGLE_REMEDY)
    count = sum(len(disk.paths) for disk in disks)
    return Outcome(OK, msg("checks.multipath.ok", "All paths to disks work ({count}).", count=count), evidence)


CHECKS = (
    Check(
        "storage.multipath",
        msg("checks.multipath.title", "Paths to disks"),
        msg("checks.multipath.why", "With one path gone the next fault stops every guest whose disk lies behind it."),
        check_multipath,
        health_only=True,
    ),
)
