# SPDX-License-Identifier: Apache-2.0
"""Tests a storage of any type: the one entry for the page's helper and the shell."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..messages import msg
from .directory import DirectoryTest
from .document import Directory, Nfs, document_json, read_document
from .nfs import NfsTest
from .programs import Programs
from .steps import Report, Step, StepResult, run_steps

if TYPE_CHECKING:
    from .document import Document


def try_storage(
    value: Any,
    need_gib: float | None = None,
    cancel: threading.Event | None = None,
    tell: Callable[[StepResult], None] | None = None,
) -> Report:
    """Test the storage a JSON value describes and undo everything; ends within a minute and a half, whatever hangs.

    ``cancel``, set by anybody, lets it undo at once. Raises RhvError ``storage.document`` before anything is tried.
    """
    document = read_document(value)
    steps = _steps(document, Programs(cancel or threading.Event()), need_gib)
    return run_steps(steps, Report(document_json(document)), tell)


def _steps(document: Document, programs: Programs, need_gib: float | None) -> list[Step]:
    if isinstance(document, Nfs):
        return NfsTest(document, programs, need_gib).steps()
    if isinstance(document, Directory):
        return DirectoryTest(document, programs, need_gib).steps()
    raise RhvError("storage.untested", msg("storage.untested", "This type of storage cannot be tested yet."))


class Running:
    """At most one test at a time in this process, which anybody may cancel."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancel: threading.Event | None = None

    def test(self, value: Any, need_gib: float | None = None) -> Report:
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
            return try_storage(value, need_gib, cancel)
        finally:
            with self._lock:
                self._cancel = None

    def cancel(self) -> bool:
        """Let the test undo and end; False when none runs."""
        with self._lock:
            if self._cancel is None:
                return False
            self._cancel.set()
            return True
