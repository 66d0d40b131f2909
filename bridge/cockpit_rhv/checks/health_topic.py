# SPDX-License-Identifier: Apache-2.0
"""Topic `health`: the checks, run again and again while somebody looks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any, Callable, Protocol

from ..errors import RhvError
from ..jobs.watch import JobWatcher
from ..rpc import faults
from ..rpc.following import FollowingTopic
from .context import Context
from .model import CheckReport
from .registry import all_checks, run_checks

if TYPE_CHECKING:
    import threading
    from collections.abc import Mapping, Sequence

    from ..jobs.store import JobStore
    from .model import CheckResult

logger = logging.getLogger(__name__)

#: Seconds between the end of a run and the beginning of the next, while the page is visible.
INTERVAL_S = 60.0
#: Seconds between two looks whether one is due: who has mended something, or comes back to the page, waits no longer.
_LOOK_S = 1.0
#: Checks have time limits of their own, all below this.
_RUN_LIMIT_S = 60.0
_READ_LIMIT_S = 10.0


class Parts(Protocol):
    """What the topic takes from a front door: its jobs and worker threads."""

    def job_store(self) -> JobStore: ...
    async def run(self, function: Any, *args: Any, limit_s: float) -> Any: ...


class HealthTopic(FollowingTopic):
    """Each result is told as soon as it is there; until then the one of the run before stays."""

    def __init__(
        self, parts: Parts, is_visible: Callable[[], bool], make_context: Callable[[], Context] = Context
    ) -> None:
        super().__init__("health")
        self._parts = parts
        self._is_visible = is_visible
        self._make_context = make_context
        self._order: Sequence[str] = ()
        self._results: dict[str, CheckResult] = {}
        self._complete = False
        self._checked_s: float | None = None
        self._elapsed_s: float | None = None
        self._error: RhvError | None = None
        #: Monotonic; None: at once.
        self._ended: float | None = None
        self._hanging: dict[str, threading.Thread] = {}
        self._whole: asyncio.Task[CheckReport] | None = None
        self._jobs: JobWatcher | None = None
        self._ended_tasks: set[str] = set()

    def read(self) -> Mapping[str, Any]:
        """Definition ``Health``."""
        results = list(self._results.values())
        return {
            "verdict": CheckReport(results, 0.0).verdict if self._complete else None,
            "results": {result.id: result.to_json() for result in results},
            "order": list(self._order),
            "running": self._whole is not None,
            "checked_s": self._checked_s,
            "elapsed_s": self._elapsed_s,
            "error": self._error.to_json() if self._error else None,
        }

    async def prepare(self) -> None:
        """The first subscriber finds the checks running."""
        self._jobs = JobWatcher(self._parts.job_store(), self._on_job)
        self._jobs.subscribe()
        self._ended = None

    async def leave(self) -> None:
        """A run that somebody asked for by ``checks.run`` goes on."""
        if self._jobs is not None:
            await self._jobs.close()
            self._jobs = None

    async def close(self) -> None:
        """At the end of the helper: wait for nobody; threads that hang end with the process."""
        await self.stop()
        if self._whole is not None:
            self._whole.cancel()
            await asyncio.gather(self._whole, return_exceptions=True)

    async def run(self, ids: Sequence[str] | None = None) -> CheckReport:
        """Run the checks named, or all: who asks for all while they run already waits for that very run.

        Raises RhvError ``checks.unknown``.
        """
        if ids is not None:
            report: CheckReport = await self._check(ids)
            return report
        if self._whole is None:
            self._whole = asyncio.get_running_loop().create_task(self._run_all())
            # Read once: a run that nobody waits for any more is not reported as forgotten.
            self._whole.add_done_callback(lambda run: run.cancelled() or run.exception())
            self.touch()
        return await asyncio.shield(self._whole)

    async def _run_all(self) -> CheckReport:
        try:
            report = await self._check(None)
            self._results = {result.id: result for result in report.results}
            self._complete = True
            self._checked_s = time.time()
            self._elapsed_s = round(report.elapsed_s, 3)
            self._error = None
            return report
        except Exception as error:
            # Whatever it was, the page is told, and the next run is tried all the same.
            if not isinstance(error, RhvError):
                logger.exception("the checks could not be run")
            self._error = error if isinstance(error, RhvError) else faults.internal(error)
            raise self._error from error
        finally:
            self._ended = time.monotonic()
            self._whole = None
            self.touch()

    async def _check(self, ids: Sequence[str] | None) -> CheckReport:
        loop = asyncio.get_running_loop()

        def tell(result: CheckResult) -> None:
            try:
                loop.call_soon_threadsafe(self._take, result)
            except RuntimeError:
                return  # the helper has ended meanwhile

        def work() -> CheckReport:
            context = self._make_context()
            self._order = self._order or [check.id for check in all_checks() if check.applies(context)]
            # One that was asked for by name may also be under way in the whole run: that is no sign of hanging.
            return run_checks(ids, context, tell=tell, hanging=self._hanging if ids is None else None)

        report: CheckReport = await self._parts.run(work, limit_s=_RUN_LIMIT_S)
        return report

    def _take(self, result: CheckResult) -> None:
        if result.id in self._order:
            self._results[result.id] = result
            self.touch()

    async def follow(self) -> None:
        while True:
            due = self._ended is None or time.monotonic() - self._ended >= INTERVAL_S
            if due and self._is_visible():
                with contextlib.suppress(RhvError):  # the topic itself tells it
                    await self.run()
            await asyncio.sleep(_LOOK_S)

    async def _on_job(self, job_id: str) -> None:
        """A host task that has ended may have mended something."""
        if job_id in self._ended_tasks or not await self._parts.run(self._is_ended_task, job_id, limit_s=_READ_LIMIT_S):
            return
        self._ended_tasks.add(job_id)
        if self._whole is not None:
            # What runs now may have looked before the task was done.
            await asyncio.wait([self._whole])
        self._ended = None  # the follower finds a run due; when the page is hidden, as soon as it is shown

    def _is_ended_task(self, job_id: str) -> bool:
        try:
            status = self._parts.job_store().load(job_id)
        except (RhvError, OSError):
            # Removed meanwhile, or not this user's to read: the next minute's run sees what it did.
            return False
        return status.kind == "task" and not status.active
