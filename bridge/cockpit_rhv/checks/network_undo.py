# SPDX-License-Identifier: Apache-2.0
"""``python3 -m cockpit_rhv.checks.network_undo start|watch``: takes back a change whose job cannot any more.

``start`` runs before NetworkManager does, at a boot and when it is started anew: it puts the profiles back. ``watch``
runs beside the job, and after a boot: it waits for the job's end and takes back and proves what was not confirmed.
"""

from __future__ import annotations

import fcntl
import logging
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..errors import RhvError
from ..jobs.files import read_json
from ..jobs.settle import settle
from ..jobs.stopping import unstoppable
from ..jobs.store import JobStore
from ..messages import msg
from ..networks.checkpoint import Checkpoint
from ..networks.saved_profiles import put_back
from ..networks.way_back import WayBack, not_as_before
from .context import run_command
from .network_change import reaches
from .network_kept import drop_kept, read_kept
from .network_state import changes_dir, started, write_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..networks.commands import Run
    from .network_kept import Kept

logger = logging.getLogger(__name__)

#: Seconds: leases and carriers take longer at a boot.
_BOOT_S = 90.0


def put_back_profiles() -> None:
    """Before NetworkManager reads them. Raises RhvError, OSError."""
    kept = read_kept()
    if kept is None:
        return
    restored = put_back(kept.profiles, kept.after, booted=kept.booted)
    logger.info("%s of job %s was not confirmed; put back: %s", kept.title, kept.job, restored.changed)
    if restored.others:
        logger.warning("changed by somebody else since, and left as they are: %s", restored.others)
    if restored.failed:
        raise OSError(f"could not be put back: {restored.failed}")


def watch(run: Run = run_command, store: JobStore | None = None) -> list[str]:
    """What is not as before, in English. Raises RhvError, OSError."""
    with running():
        kept = read_kept()
        if kept is None:
            return []
        with unstoppable():
            return _take_back(kept, run, store or JobStore())


@contextmanager
def running() -> Iterator[None]:
    """Wait until no job changes the networks, then keep others from beginning. Raises OSError."""
    changes_dir().mkdir(mode=0o755, parents=True, exist_ok=True)
    descriptor = os.open(changes_dir() / "running", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _take_back(kept: Kept, run: Run, store: JobStore) -> list[str]:
    booted = kept.booted
    if booted:
        why = RhvError(
            "networks.rebooted",
            msg("networks.rebooted", "The host was started anew before the change was confirmed."),
        )
    else:
        why = RhvError(
            "networks.stopped", msg("networks.stopped", "The job was ended before the change was confirmed.")
        )
    back = WayBack(run, lambda way: reaches(way, run), kept.before, kept.profiles, kept.after, booted)
    if booted:
        back.settle_s = back.back_s = _BOOT_S
    made = _checkpoint(kept)  # read before our own state takes its place
    _tell(kept, "undoing", why, [], back.settle_s + back.back_s + back.reach_s)
    left = back.take_back(made)
    why.detail = "\n".join(back.notes) or None
    error = not_as_before(left, why) if left else why
    _tell(kept, "lost" if left else "undone", error, [text.to_json() for text in left], None)
    if back.restored:  # else what is kept is all there is of a profile
        drop_kept()
    logger.info("%s of job %s: %s", kept.title, kept.job, error)
    _tell_job(store, kept.job, error)
    return [str(text) for text in left]


def _tell(kept: Kept, state: str, error: RhvError, left: list[object], back_in_s: float | None) -> None:
    runner = [os.getpid(), started(os.getpid())]
    record = {"job": kept.job, "title": kept.title.to_json(), "user": kept.user, "state": state, "runner": runner}
    try:
        write_state({**record, "error": error.to_json(), "left": left}, None, back_in_s)
    except OSError as full:  # it must not keep us from going back
        logger.warning("how it stands could not be written down: %s", full)


def _checkpoint(kept: Kept) -> Checkpoint | None:
    try:
        state = read_json(changes_dir() / "state.json")
    except (OSError, ValueError) as error:
        logger.info("which checkpoint it was is not known: %s", error)
        return None
    path = state.get("checkpoint") if state["job"] == kept.job else None
    return Checkpoint(path) if path else None


def _tell_job(store: JobStore, job: str, error: RhvError) -> None:
    """Its result says how the networks are, not only that it was ended."""
    try:
        settle(store, job, wait_s=5.0)
        status = store.stored(job)
        if not status.active and status.state != "succeeded":
            status.error = error
            store.write_status(status, durable=True)
    except (OSError, RhvError) as failed:
        logger.warning("job %s was not told: %s", job, failed)


def main(arguments: list[str]) -> int:
    """Exit codes: 0 when everything is as before, or there was nothing to do; 1 when not."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    try:
        if arguments == ["start"]:
            put_back_profiles()
            return 0
        return 1 if watch() else 0
    except (OSError, RhvError) as error:
        logger.error("%s %s", error, getattr(error, "detail", None) or "")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
