# SPDX-License-Identifier: Apache-2.0
"""The page's topics, as ``schemas/rpc.json`` names them; some are made here, some beside."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Callable

from ..errors import RhvError
from ..messages import msg
from ..rpc.following import FollowingTopic
from ..rpc.topics import Topic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..checks.health_topic import HealthTopic
    from ..jobs.watch import JobWatcher
    from .library import Library

logger = logging.getLogger(__name__)

#: Seconds between two looks at the host; what changes there changes slowly.
HOST_INTERVAL_S = 30.0
READ_LIMIT_S = 10.0


class HostTopic(FollowingTopic):
    """What this host is; read anew while somebody looks."""

    def __init__(self, library: Library, is_visible: Callable[[], bool]) -> None:
        super().__init__("host")
        self._library = library
        self._is_visible = is_visible
        self._facts: Mapping[str, Any] = {}
        self._error: RhvError | None = None

    def read(self) -> Mapping[str, Any]:
        if self._error is not None:
            raise self._error
        return self._facts

    async def prepare(self) -> None:
        self._facts = await self._read_facts()

    async def follow(self) -> None:
        while True:
            await asyncio.sleep(HOST_INTERVAL_S)
            if not self._is_visible():
                continue
            try:
                self._facts, self._error = await self._read_facts(), None
            except RhvError as error:
                self._error = error
            self.touch()

    async def _read_facts(self) -> Mapping[str, Any]:
        from ..host.facts import read_host_facts

        try:
            return await self._library.run(read_host_facts, limit_s=READ_LIMIT_S)
        except OSError as error:
            raise RhvError(
                "host.unreadable", msg("host.unreadable", "This host cannot be examined."), detail=str(error)
            ) from error


class MachinesTopic(Topic):
    """libvirt's guests. Answers at once, as ``connecting``, and follows with what libvirt says."""

    def __init__(self, library: Library) -> None:
        super().__init__("machines")
        self._library = library
        library.connection.on_state(lambda _state: self.touch())
        library.machines.on_complete(self.touch)
        library.machines.on_change(lambda _change: self.touch())

    def read(self) -> Mapping[str, Any]:
        from ..machines.uptime import host_clock_s

        state = self._library.connection.state
        machines = self._library.machines
        if state.state == "connected" and not machines.complete:
            # a page that sees "connected" and no guests says that there are none
            state = replace(state, state="connecting")
        return {
            "libvirt": state.to_json(),
            "clock_s": round(host_clock_s(), 1),
            "machines": {uuid: machine.to_json() for uuid, machine in machines.machines.items()},
        }


class JobsTopic(Topic):
    """The newest jobs, without their events."""

    def __init__(self, library: Library) -> None:
        super().__init__("jobs")
        self._library = library
        self._state: Mapping[str, Any] = {}
        self._active: Mapping[str, Sequence[str]] = {}
        self._watcher: JobWatcher | None = None

    def read(self) -> Mapping[str, Any]:
        return self._state

    async def start(self) -> None:
        from ..jobs.watch import JobWatcher

        self._watcher = JobWatcher(self._library.job_store(), self._on_change)
        self._watcher.subscribe()
        await self._load()

    async def stop(self) -> None:
        if self._watcher is not None:
            await self._watcher.close()

    async def _on_change(self, _job_id: str) -> None:
        await self._load()
        self.touch()

    async def _load(self) -> None:
        jobs = await self._library.run(self._library.job_store().list, limit_s=READ_LIMIT_S)
        before, self._active = self._active, {job.id: job.guests for job in jobs.jobs if job.active}
        self._state = jobs.to_json()
        # of what a job has done to a guest libvirt has not always an event
        for uuid in {uuid for job, guests in before.items() if job not in self._active for uuid in guests}:
            self._library.details_changed(uuid)


class JobTopic(Topic):
    """One job from its beginning, with its events."""

    def __init__(self, library: Library, job_id: str) -> None:
        super().__init__(f"job/{job_id}")
        self._library = library
        self._job_id = job_id
        self._store = library.job_store()
        self._status: Mapping[str, Any] = {}
        self._events: dict[str, Any] = {}
        self._error: RhvError | None = None
        self._watcher: JobWatcher | None = None

    def read(self) -> Mapping[str, Any]:
        if self._error is not None:
            raise self._error
        return {"status": self._status, "events": self._events}

    async def start(self) -> None:
        from ..jobs.watch import JobWatcher

        self._events = {}
        self._tail = self._store.tail(self._job_id)
        self._watcher = JobWatcher(self._store, self._on_change)
        self._watcher.subscribe()
        try:
            await self._load()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        if self._watcher is not None:
            await self._watcher.close()
            self._watcher = None

    async def _on_change(self, job_id: str) -> None:
        if job_id != self._job_id:
            return
        try:
            await self._load()
            self._error = None
        except RhvError as error:
            self._error = error
        self.touch()

    async def _load(self) -> None:
        status, events = await self._library.run(self._read_job, limit_s=READ_LIMIT_S)
        self._status = status.to_json()
        self._events.update((str(event.seq), event.to_json()) for event in events)

    def _read_job(self) -> tuple[Any, list[Any]]:
        from ..jobs.store import denied

        try:
            # the status first: when it says that the job has ended, all its events are there
            return self._store.load(self._job_id), list(self._tail.read())
        except PermissionError as error:
            raise denied(str(error)) from error


def _engine_topic(library: Library) -> Topic:
    from ..deploy.engine_topic import EngineTopic  # brings cryptography and http: not on the way to the first answer

    return EngineTopic(library)


def _health_topic(library: Library, is_visible: Callable[[], bool]) -> Topic:
    from ..checks.health_topic import HealthTopic

    return HealthTopic(library, is_visible)


def _load_topic(library: Library, is_visible: Callable[[], bool]) -> Topic:
    from .load_topic import LoadTopic

    return LoadTopic(library, is_visible)


def _machine_topic(library: Library, uuid: str, is_visible: Callable[[], bool]) -> Topic:
    from .machine_topic import MachineTopic

    return MachineTopic(library, uuid, is_visible)


def _storage_topic(library: Library, is_visible: Callable[[], bool]) -> Topic:
    from .storage_topics import StorageTopic

    return StorageTopic(library, is_visible)


def _pool_topic(library: Library, uuid: str, is_visible: Callable[[], bool]) -> Topic:
    from .storage_topics import PoolTopic

    return PoolTopic(library, uuid, is_visible)


def _events_topic(library: Library, is_visible: Callable[[], bool]) -> Topic:
    from .events_topic import EventsTopic

    return EventsTopic(library, is_visible)


def _networks_topic(library: Library, is_visible: Callable[[], bool]) -> Topic:
    from .networks_topic import NetworksTopic

    return NetworksTopic(library, is_visible)


def _storage_test_topic() -> Topic:
    from .storage_test_topic import StorageTestTopic

    return StorageTestTopic()


class Topics:
    """Finds topics by name, making each when it is first asked for."""

    def __init__(self, library: Library, is_visible: Callable[[], bool]) -> None:
        self._topics: dict[str, Topic] = {}
        self._makers: dict[str, Callable[[], Topic]] = {
            "host": lambda: HostTopic(library, is_visible),
            "health": lambda: _health_topic(library, is_visible),
            "load": lambda: _load_topic(library, is_visible),
            "machines": lambda: MachinesTopic(library),
            "storage": lambda: _storage_topic(library, is_visible),
            "storage_test": _storage_test_topic,
            "jobs": lambda: JobsTopic(library),
            "networks": lambda: _networks_topic(library, is_visible),
            "events": lambda: _events_topic(library, is_visible),
            "engine": lambda: _engine_topic(library),
        }
        self._library = library
        self._is_visible = is_visible

    def find(self, name: str) -> Topic:
        """The topic of that name; raises :class:`RhvError` ``topic.unknown``."""
        kind, _, which = name.partition("/")
        if kind == "job" and which:
            # not kept: there are as many as there are jobs, and each starts from its files anyway
            return JobTopic(self._library, which)
        if kind == "machine" and which:
            return _machine_topic(self._library, which, self._is_visible)
        if kind == "pool" and which:
            return _pool_topic(self._library, which, self._is_visible)
        if name not in self._topics:
            if name not in self._makers:
                text = msg("topic.unknown", "There is no topic {topic}.", topic=name[:100])
                raise RhvError("topic.unknown", text)
            self._topics[name] = self._makers[name]()
        return self._topics[name]

    @property
    def health(self) -> HealthTopic:
        """The topic that runs the checks, subscribed to or not."""
        from ..checks.health_topic import HealthTopic

        topic = self.find("health")
        assert isinstance(topic, HealthTopic)
        return topic

    async def close(self) -> None:
        """Let go of what lives longer than its subscriptions."""
        for topic in self._topics.values():
            await topic.close()
