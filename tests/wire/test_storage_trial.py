# SPDX-License-Identifier: Apache-2.0
"""A test of storage as the page follows it: the plan first, each step as it comes, the report, and a cancelled one."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.wire.libvirt_daemon import NOBODY

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wire.conftest import Start
    from tests.wire.helper_process import HelperProcess

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="other users' rights need root")


@pytest.fixture
def folder() -> Iterator[Path]:
    """On a disk, and reachable for everybody."""
    path = Path("/var/tmp") / f"storage-trial-{os.getpid()}"
    path.mkdir(mode=0o755)
    shutil.chown(path, NOBODY, NOBODY)
    yield path
    shutil.rmtree(path)


@pytest.fixture
def helper(start_helper: Start) -> HelperProcess:
    helper = start_helper()
    assert helper.subscribe("storage_test").state == {"running": False, "plan": [], "steps": []}
    return helper


def send(helper: HelperProcess, method: str, **params: Any) -> int:
    """Ask without awaiting the answer."""
    identity = helper.new_id()
    helper.write(json.dumps({"jsonrpc": "2.0", "id": identity, "method": method, "params": params}).encode() + b"\n")
    return identity


def test_a_directory_step_by_step(helper: HelperProcess, folder: Path) -> None:
    asked = send(helper, "storage.test", document={"type": "directory", "path": str(folder)})
    seen = helper.until("storage_test", lambda state: state["running"] and len(state["plan"]) == 7)
    plan = [step["id"] for step in seen["plan"]]
    assert plan[:2] == ["path", "write"]
    report = helper.answer_to(asked)["result"]
    assert [step["id"] for step in report["steps"]] == plan
    # Who follows has heard of the first steps before the last one was done.
    assert any(0 < len(patch.get("steps", ())) < 7 for patch in helper.topics["storage_test"].patches)
    helper.until("storage_test", lambda state: not state["running"] and not state["plan"] and not state["steps"])
    assert list(folder.iterdir()) == []
    assert helper.close() == 0


def test_a_cancelled_one_says_so_and_leaves_nothing(helper: HelperProcess, folder: Path) -> None:
    asked = send(helper, "storage.test", document={"type": "directory", "path": str(folder)})
    helper.until("storage_test", lambda state: state["running"] and len(state["plan"]) == 7)
    assert helper.call("storage.cancel") == {"cancelled": True}
    report = helper.answer_to(asked)["result"]
    assert (report["cancelled"], report["steps"][-1]["severity"]) == (True, "skipped")
    helper.until("storage_test", lambda state: not state["running"])
    assert list(folder.iterdir()) == []
    assert helper.close() == 0
