# SPDX-License-Identifier: Apache-2.0
"""A subscriber holds the topic's state after every patch, however slow it reads."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import msg
from cockpit_rhv.rpc import lines, merge, topics

if TYPE_CHECKING:
    from collections.abc import Mapping


class Counter(topics.Topic):
    """A topic made by hand."""

    def __init__(self, state: dict[str, Any]) -> None:
        super().__init__("counter")
        self.state = state
        self.error: Exception | None = None
        self.log: list[str] = []

    def read(self) -> Mapping[str, Any]:
        if self.error:
            raise self.error
        return self.state

    def change(self, **members: Any) -> None:
        self.state = {**self.state, **members}
        self.touch()

    async def start(self) -> None:
        self.log.append("start")

    async def stop(self) -> None:
        self.log.append("stop")


class Page:
    """The other end: applies what it is sent and checks the revisions."""

    def __init__(self, topic: topics.Topic) -> None:
        self.subscriptions = topics.Subscriptions(lambda _name: topic, self.send)
        self.free = asyncio.Event()
        self.free.set()
        self.patches: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []
        self.state: Any = None
        self.revision = 0

    async def subscribe(self) -> None:
        answer, release = await self.subscriptions.subscribe("counter")
        self.state, self.revision = answer["snapshot"], answer["revision"]
        release()

    async def send(self, message: Mapping[str, Any]) -> None:
        lines.encode(message)  # fits a line
        await self.free.wait()
        if message["method"] == "topic.error":
            self.errors.append(message["params"]["error"])
            return
        params = message["params"]
        assert params["revision"] == self.revision + 1
        self.revision = params["revision"]
        self.patches.append(params["patch"])
        self.state = merge.apply(self.state, params["patch"])

    async def sees(self, state: Any) -> None:
        async def wait() -> None:
            while self.state != state:
                await asyncio.sleep(0.005)

        await asyncio.wait_for(wait(), 60)

    async def is_told_of_an_error(self) -> None:
        while not self.errors:
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def _patch_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "PATCH_INTERVAL_S", 0.001)


async def test_a_change_reaches_the_subscriber_as_a_patch() -> None:
    topic = Counter({"a": 1, "b": {"x": None, "y": 2}})
    page = Page(topic)
    await page.subscribe()
    assert page.state == {"a": 1, "b": {"y": 2}}
    topic.change(a=2, b={"x": 1, "y": None})
    await page.sees({"a": 2, "b": {"x": 1}})
    assert page.patches == [{"a": 2, "b": {"x": 1, "y": None}}]
    await page.subscriptions.close()


async def test_nothing_is_sent_when_nothing_changed() -> None:
    topic = Counter({"a": 1})
    page = Page(topic)
    await page.subscribe()
    topic.touch()
    topic.change(a=1)
    await asyncio.sleep(0.05)
    assert page.patches == []
    await page.subscriptions.close()


async def test_a_slow_reader_gets_one_merged_patch() -> None:
    topic = Counter({"n": 0})
    page = Page(topic)
    await page.subscribe()
    page.free.clear()
    for n in range(1, 1001):
        topic.change(n=n)
        if n % 100 == 0:
            await asyncio.sleep(0.005)
    page.free.set()
    await page.sees({"n": 1000})
    assert len(page.patches) <= 2  # the one that was stuck, and all others together
    await page.subscriptions.close()


async def test_nothing_follows_before_the_snapshot_has_been_written() -> None:
    topic = Counter({"n": 0})
    page = Page(topic)
    _answer, release = await page.subscriptions.subscribe("counter")
    topic.change(n=1)
    await asyncio.sleep(0.02)
    assert page.patches == []
    page.state, page.revision = {"n": 0}, 1
    release()
    await page.sees({"n": 1})
    await page.subscriptions.close()


async def test_a_long_snapshot_comes_in_parts() -> None:
    state = {"kind": "long", "items": {str(n): "x" * 1000 for n in range(3000)}}
    page = Page(Counter(state))
    await page.subscribe()
    assert page.state["kind"] == "long"
    await page.sees(state)
    assert page.revision >= 4
    await page.subscriptions.close()


async def test_a_failed_read_is_told_and_the_topic_goes_on() -> None:
    topic = Counter({"n": 0})
    page = Page(topic)
    await page.subscribe()
    topic.error = RhvError("x.y", msg("x.y", "No."))
    topic.touch()
    await page.is_told_of_an_error()
    topic.error = None
    topic.change(n=1)
    await page.sees({"n": 1})
    assert [error["code"] for error in page.errors] == ["x.y"]
    await page.subscriptions.close()


async def test_the_end_of_an_error_is_told_even_where_all_is_as_before() -> None:
    topic = Counter({"n": 0})
    page = Page(topic)
    await page.subscribe()
    topic.error = RhvError("x.y", msg("x.y", "No."))
    topic.touch()
    await page.is_told_of_an_error()
    topic.error = None
    topic.touch()
    topic.touch()
    while not page.patches:
        await asyncio.sleep(0.005)
    topic.touch()
    await asyncio.sleep(0.05)
    assert page.patches == [{}]  # once
    await page.subscriptions.close()


async def test_a_topic_runs_while_somebody_is_subscribed() -> None:
    topic = Counter({"n": 0})
    first, second = Page(topic), Page(topic)
    await first.subscribe()
    await second.subscribe()
    await first.subscriptions.close()
    assert topic.log == ["start"]
    await second.subscriptions.unsubscribe("counter")
    assert topic.log == ["start", "stop"]
    await second.subscriptions.unsubscribe("counter")  # once more is no error
    assert topic.log == ["start", "stop"]


async def test_a_snapshot_that_cannot_be_read_leaves_nothing_behind() -> None:
    topic = Counter({})
    topic.error = RhvError("x.y", msg("x.y", "No."))
    page = Page(topic)
    with pytest.raises(RhvError):
        await page.subscribe()
    assert topic.log == ["start", "stop"]
    assert "counter" not in page.subscriptions


async def test_a_release_after_the_end_starts_nothing() -> None:
    topic = Counter({"n": 0})
    page = Page(topic)
    _answer, release = await page.subscriptions.subscribe("counter")
    await page.subscriptions.unsubscribe("counter")
    before = len(asyncio.all_tasks())
    release()
    assert len(asyncio.all_tasks()) == before
