# SPDX-License-Identifier: Apache-2.0
"""Tests a storage of any type: the one entry for the page's helper and the shell."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from ..errors import RhvError
from ..messages import msg
from .active import ACTIVE
from .blocks import read_luns
from .directory import DirectoryTest
from .document import (
    Directory,
    Iscsi,
    Lvm,
    Nfs,
    check_target,
    document_json,
    parse_portal,
    parse_portals,
    read_chap,
    read_document,
)
from .iscsi import IscsiTest, discover, target_luns
from .luns import FcTest
from .lvm import LvmTest
from .nfs import NfsTest
from .programs import Cancelled, Overdue, Programs
from .steps import Report, Step, StepResult, run_steps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .document import Document
    from .earlier import Earlier

T = TypeVar("T")


def try_storage(
    value: Any,
    need_gib: float | None = None,
    cancel: threading.Event | None = None,
    tell: Callable[[StepResult], None] | None = None,
    begin: Callable[[Sequence[Step]], None] | None = None,
    earlier: Earlier | None = None,
) -> Report:
    """Test the storage a JSON value describes and undo everything; ends within a minute and a half, whatever hangs.

    ``cancel``, set by anybody, lets it undo at once. ``begin`` is given all steps before the first one is done.
    ``earlier``: the place is for an engine, and what one left there before is to be told.
    Raises RhvError ``storage.document`` before anything is tried.
    """
    document = read_document(value)
    with ACTIVE.running(cancel or threading.Event()) as event:
        steps = steps_of(document, Programs(event), need_gib, earlier)
        if begin is not None:
            begin(steps)
        return run_steps(steps, Report(document_json(document), earlier=earlier), tell)


def steps_of(
    document: Document, programs: Programs, need_gib: float | None = None, earlier: Earlier | None = None
) -> list[Step]:
    """The steps of its test, in the order they are done; the last undoes."""
    if isinstance(document, Nfs):
        return NfsTest(document, programs, need_gib, earlier).steps()
    if isinstance(document, Directory):
        return DirectoryTest(document, programs, need_gib, earlier).steps()
    if isinstance(document, Iscsi):
        return IscsiTest(document, programs, need_gib).steps()
    if isinstance(document, Lvm):
        return LvmTest(document, programs, need_gib).steps()
    return FcTest(document, programs, need_gib).steps()


def wipe_earlier(value: Any, files: Sequence[Mapping[str, str]], confirmed: bool = False) -> list[str]:
    """Delete files (``name``, ``mark``) that a test told of in ``Report.earlier``, all or none; returns their names.

    ``confirmed``: even where another host has signed the engine's disk.
    Raises RhvError ``storage.*``, for a place that does not answer ``storage.overdue``.
    """
    document = read_document(value)
    if isinstance(document, Nfs):
        return _asked(lambda programs: NfsTest(document, programs, None).wipe(files, confirmed))
    assert isinstance(document, Directory), "only places of files have files"
    return _asked(lambda programs: DirectoryTest(document, programs, None).wipe(files, confirmed))


def discover_targets(portal: str, chap: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Definition ``StorageTargets``. Raises RhvError ``storage.*``."""
    lines = _asked(lambda programs: discover(parse_portal(portal), read_chap(chap), programs))
    targets: dict[str, list[dict[str, Any]]] = {}
    for line in lines:
        targets.setdefault(line.target, []).append({"portal": line.portal, "group": line.group})
    return {"targets": [{"target": name, "portals": portals} for name, portals in sorted(targets.items())]}


def list_luns(portals: list[str] | None, target: str | None, chap: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Definition ``StorageLuns``: of a target, or of this host where none is named. Raises RhvError ``storage.*``."""
    if target is None:
        luns = _asked(read_luns)
    elif not portals:
        raise RhvError("storage.document", msg("storage.document.portals", "Name the target's portals, too."))
    else:
        name, places, login = check_target(target), parse_portals(portals), read_chap(chap)
        luns = _asked(lambda programs: target_luns(places, name, login, programs))
    return {"luns": [lun.to_json() for lun in luns]}


def _asked(ask: Callable[[Programs], T]) -> T:
    try:
        with ACTIVE.running(threading.Event()) as cancel:
            return ask(Programs(cancel))
    except Cancelled as error:
        text = msg("storage.cancelled", "It was cancelled before there was an answer.")
        raise RhvError("storage.cancelled", text) from error
    except Overdue as error:
        text = msg("storage.step.overdue", "No answer within {seconds} s.", seconds=error.limit_s)
        remedy = msg(
            "storage.step.overdue.remedy", "See whether the server is up and the way to it is free; try again."
        )
        raise RhvError("storage.overdue", text, remedy, str(error)) from error
    except OSError as error:
        text = msg("storage.step.unreadable", "What the step needs cannot be read: {reason}", reason=str(error))
        raise RhvError("storage.unreadable", text, None, str(error)) from error


class Running:
    """At most one test at a time in this process, which anybody may watch and cancel; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a watcher may look
        self._cancel: threading.Event | None = None
        self._plan: list[Step] = []
        self._results: list[StepResult] = []
        self._watchers: list[Callable[[], None]] = []

    def test(self, value: Any, need_gib: float | None = None, earlier: Earlier | None = None) -> Report:
        """As :func:`try_storage`. Raises RhvError ``storage.busy`` while another one runs, ``storage.document``."""
        cancel = threading.Event()
        with self._lock:
            if self._cancel is not None:
                raise RhvError(
                    "storage.busy",
                    msg("storage.busy", "Another test of storage is running."),
                    msg("storage.busy.hint", "Wait for its end, or cancel it."),
                )
            self._cancel = cancel
        try:
            return try_storage(value, need_gib, cancel, self._tell, self._begin, earlier)
        finally:
            with self._lock:
                self._cancel, self._plan, self._results = None, [], []
                self._news()

    def cancel(self) -> bool:
        """Let the test undo and end; False when none runs."""
        with self._lock:
            if self._cancel is None:
                return False
            self._cancel.set()
            return True

    def to_json(self) -> dict[str, Any]:
        """Definition ``StorageTesting``: the first step that has no result yet is the one that is being done."""
        with self._lock:
            return {
                "running": self._cancel is not None,
                "plan": [{"id": step.id, "title": step.title.to_json()} for step in self._plan],
                "steps": [result.to_json() for result in self._results],
            }

    def on_change(self, watcher: Callable[[], None]) -> Callable[[], None]:
        """Call ``watcher``, in any thread, when :meth:`to_json` has changed; it must not block. Returns its end."""
        with self._lock:
            self._watchers.append(watcher)

        def forget() -> None:
            with self._lock:
                self._watchers.remove(watcher)

        return forget

    def _begin(self, steps: Sequence[Step]) -> None:
        with self._lock:
            self._plan = list(steps)
            self._news()

    def _tell(self, result: StepResult) -> None:
        with self._lock:
            self._results.append(result)
            self._news()

    def _news(self) -> None:
        # Within the lock: a watcher that was told to forget is not called any more.
        for watcher in self._watchers:
            watcher()
