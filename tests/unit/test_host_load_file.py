# SPDX-License-Identifier: Apache-2.0
"""The load's past in a file: who begins goes on from it, and what is damaged or of another boot is no past."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.agent.load_recorder import LoadRecorder
from cockpit_rhv.host.history import KEPT, STEP_S, LoadHistory
from cockpit_rhv.host.load_file import LoadFile, PastPoint
from cockpit_rhv.workers import Workers
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.test_host_history import clock, load_tree  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from pathlib import Path

POINT = PastPoint(10.0, {"memory_mib": 5, "swap_mib": 0, "user": 1.5})


def file(tmp_path: Path, *, writable: bool = True, boot: str = "this boot") -> LoadFile:
    root = tmp_path / "root"
    (root / "proc/sys/kernel/random").mkdir(parents=True, exist_ok=True)
    (root / "proc/sys/kernel/random/boot_id").write_text(f"{boot}\n")
    return LoadFile(tmp_path / "run/load.json", writable, root)


def history(tmp_path: Path) -> LoadHistory:
    return LoadHistory(load_tree(tmp_path / "host", 0, 0, 0), file(tmp_path))


def test_who_begins_goes_on_from_what_another_left(tmp_path: Path, clock: list[float]) -> None:  # noqa: F811
    first = history(tmp_path)
    for _ in range(3):
        first.take()
        clock[0] += STEP_S
    again = history(tmp_path)
    again.take()
    points = again.to_json()["points"]
    assert list(points) == ["1", "2", "3", "4"]
    assert [point["at_s"] for point in points.values()] == [0, 4, 8, 12]
    assert "user" in points["3"]
    assert "user" not in points["4"], "rates need a sample of one's own"
    # What it leaves is the whole past, not its own part of it.
    third = history(tmp_path)
    clock[0] += STEP_S
    third.take()
    assert len(third.to_json()["points"]) == 5


def test_what_no_graph_shows_any_more_is_left(tmp_path: Path, clock: list[float]) -> None:  # noqa: F811
    history(tmp_path).take()
    clock[0] += KEPT * STEP_S
    later = history(tmp_path)
    later.take()
    assert list(later.to_json()["points"]) == ["1"]


def test_another_boot_has_another_clock(tmp_path: Path) -> None:
    file(tmp_path, boot="the boot before").write([POINT])
    assert file(tmp_path, boot="the boot before").read(0, 20) == [POINT]
    assert file(tmp_path).read(0, 20) == []


def test_only_what_lies_in_between_is_read(tmp_path: Path) -> None:
    late = POINT._replace(at=19.9)
    file(tmp_path).write([late, POINT])
    assert file(tmp_path).read(0, 20) == [POINT, late]
    assert file(tmp_path).read(10.1, 19.9) == []


def test_who_may_not_write_only_reads(tmp_path: Path) -> None:
    file(tmp_path, writable=False).write([POINT])
    assert not (tmp_path / "run").exists()
    file(tmp_path).write([POINT])
    assert (tmp_path / "run/load.json").stat().st_mode & 0o777 == 0o644
    assert file(tmp_path, writable=False).read(0, 20) == [POINT]


def test_a_file_that_cannot_be_written_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "run").write_text("in the way")
    one = file(tmp_path)
    for _ in range(3):
        one.write([POINT])
    assert len(caplog.records) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["at", "user", "x"]), inner),
        max_leaves=6,
    )
)
def test_whatever_the_file_holds_is_figures_or_no_past(tmp_path: Path, points: Any) -> None:
    (tmp_path / "run").mkdir(exist_ok=True)
    told = {"version": 1, "boot": "this boot", "points": points}
    (tmp_path / "run/load.json").write_text(json.dumps(told), encoding="ascii")
    for point in file(tmp_path).read(0, 1e12):
        assert {"memory_mib", "swap_mib"} <= set(point.values)


@pytest.mark.parametrize("value", [True, "5", None, float("nan"), -1, [1]])
def test_what_is_no_figure_is_no_past(tmp_path: Path, value: Any) -> None:
    file(tmp_path).write([POINT._replace(values={**POINT.values, "user": value})])
    assert file(tmp_path).read(0, 20) == []


async def test_the_agent_samples_whoever_looks(tmp_path: Path) -> None:
    workers = Workers(name="test")
    path = tmp_path / "load.json"
    recording = asyncio.create_task(LoadRecorder(workers, path, step_s=0.05).run())
    try:
        for _ in range(400):
            await asyncio.sleep(0.05)
            if path.exists() and len(json.loads(path.read_text())["points"]) >= 3:
                break
    finally:
        recording.cancel()
        await asyncio.gather(recording, return_exceptions=True)
        workers.close()
    points = json.loads(path.read_text())["points"]
    assert len(points) >= 3
    assert "user" in points[-1]
