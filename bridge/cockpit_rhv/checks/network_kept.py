# SPDX-License-Identifier: Apache-2.0
"""What a change of the networks keeps on disk, so that whoever outlives its job, or the next boot, can take it back."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..jobs.boot import this_boot
from ..jobs.files import read_json, sync_folder, write_json
from ..messages import Message, msg
from ..networks.before import Before
from ..networks.change import Keep
from ..networks.commands import ask
from ..networks.saved_profiles import Saved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..networks.commands import Run

#: Waits for the end of the job and takes back what it did not; ``packaging/systemd``.
WATCH_UNIT = "cockpit-rhv-network-watch.service"
_SYSTEMD = Path("/run/systemd/system")
_START_S = 30.0


@dataclass(frozen=True)
class Kept:
    """``boot``: the one it was begun in. ``after``: digests of the profiles once the change was done, else None."""

    boot: str
    job: str
    title: Message
    user: str
    before: Before
    profiles: Mapping[str, Saved]
    after: Mapping[str, str] | None = None

    @property
    def booted(self) -> bool:
        """The host was, since then. Raises OSError."""
        return self.boot != this_boot()

    def to_json(self) -> dict[str, Any]:
        """Form on disk."""
        return {
            "version": 1,
            "boot": self.boot,
            "job": self.job,
            "title": self.title.to_json(),
            "user": self.user,
            "before": self.before.to_json(),
            "profiles": {path: list(saved) for path, saved in self.profiles.items()},
            "after": self.after,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Kept:
        """Inverse of :meth:`to_json`; raises KeyError, TypeError or ValueError when a field is missing or wrong."""
        profiles = {path: Saved(*saved) for path, saved in value["profiles"].items()}
        title, before = Message.from_json(value["title"]), Before.from_json(value["before"])
        return cls(value["boot"], value["job"], title, value["user"], before, profiles, value["after"])


def kept_path() -> Path:
    """It holds profiles, with whatever passwords are in them: root's alone."""
    return Path("/var/lib/cockpit-rhv/network-change/before.json")


def read_kept() -> Kept | None:
    """None when there is nothing to take back. Raises RhvError ``networks.kept_damaged``."""
    try:
        return Kept.from_json(read_json(kept_path()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RhvError(
            "networks.kept_damaged",
            msg("networks.kept_damaged", "What was kept of the networks before a change cannot be read."),
            msg(
                "networks.kept_damaged.hint",
                "See whether the profiles are right, then remove {path}.",
                path=str(kept_path()),
            ),
            f"{type(error).__name__}: {error}",
        ) from error


def write_kept(kept: Kept) -> None:
    """Durably. Raises OSError."""
    folder = kept_path().parent
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
        sync_folder(folder.parent)
    os.chmod(folder, 0o700)
    write_json(kept_path(), kept.to_json(), 0o600, gid=0, durable=True)


def drop_kept() -> None:
    """Durably; fine when there is none. Raises OSError."""
    if kept_path().exists():
        kept_path().unlink()
        sync_folder(kept_path().parent)


class KeepOnDisk(Keep):
    """Of one job."""

    def __init__(self, job: str, title: Message, user: str, run: Run) -> None:
        self._job, self._title, self._user, self._run = job, title, user, run
        self._kept: Kept | None = None

    def begin(self, before: Before, profiles: Mapping[str, Saved]) -> None:
        """See :class:`Keep`. Raises RhvError ``networks.unfinished`` and ``networks.unwatched`` besides."""
        if kept_path().exists():
            raise RhvError(
                "networks.unfinished",
                msg("networks.unfinished", "An earlier change of the networks has not been taken back yet."),
                msg("networks.unfinished.hint", "Wait a minute, else: systemctl start {unit}", unit=WATCH_UNIT),
            )
        self._kept = Kept(this_boot(), self._job, self._title, self._user, before, profiles)
        try:
            write_kept(self._kept)
            self._be_watched()
        except BaseException:
            drop_kept()
            raise

    def applied(self, after: Mapping[str, str]) -> None:
        """See :class:`Keep`."""
        assert self._kept is not None  # begin has set it
        self._kept = replace(self._kept, after=after)
        write_kept(self._kept)

    def end(self) -> None:
        """See :class:`Keep`."""
        drop_kept()

    def _be_watched(self) -> None:
        if not _SYSTEMD.is_dir():  # as in a container of one's own: NetworkManager's checkpoint is all there is
            return
        try:
            # Not start: one that is about to end, with the change before, would do.
            ask(self._run, ["systemctl", "restart", "--no-block", WATCH_UNIT], _START_S)
        except RhvError as error:
            raise RhvError(
                "networks.unwatched",
                msg("networks.unwatched", "Nothing would take the change back if its job were killed: not begun."),
                msg(
                    "networks.unwatched.hint",
                    "See systemctl status {unit}; where it is missing install the package cockpit-rhv again.",
                    unit=WATCH_UNIT,
                ),
                error.detail,
            ) from error
