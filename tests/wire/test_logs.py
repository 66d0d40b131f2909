# SPDX-License-Identifier: Apache-2.0
"""Logs and events through a real helper: a collection by real ansible-runner, its archive, the event log, refusals."""

from __future__ import annotations

import io
import json
import lzma
import os
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks.remedies import start_task
from cockpit_rhv.jobs import JobStore

from tests.unit.jobs_support import PlainLauncher
from tests.waiting import until
from tests.wire.helper_process import PATIENCE_S, HelperProcess, RpcFailure

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wire.conftest import Start

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="jobs and archives need root")
SECRET = "Pl4nted-Zq9"


def collected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The id of a job that has collected this machine's logs, into folders of the test's own."""
    for name in ("STATE", "JOBS", "ETC"):
        monkeypatch.setenv(f"COCKPIT_RHV_{name}", str(tmp_path / name.lower()))
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "engine.json").write_text(json.dumps({"fqdn": "engine.rhv.test", "admin_password": SECRET}))
    store, launcher = JobStore(), PlainLauncher()
    job = start_task("collect-logs", {"since": "1h", "guests": "yes"}, "tester", store=store, launcher=launcher)
    status = store.load(job)
    assert launcher.wait(status.unit) == 0
    status = store.load(job)
    assert status.state == "succeeded", status.error and status.error.to_json()
    assert any(event.message.id == "logs.done" for event in store.events(job))
    return job


def test_a_real_collection_and_what_becomes_of_its_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start_helper: Start
) -> None:
    job = collected(tmp_path, monkeypatch)
    environ = {f"COCKPIT_RHV_{name}": str(tmp_path / name.lower()) for name in ("STATE", "JOBS", "ETC")}
    helper = start_helper(environ)
    (archive,) = helper.call("logs.list")["archives"]
    assert (archive["id"], archive["since"], archive["guests"]) == (job, "1h", True)
    path = tmp_path / "state" / "logs" / f"{job}.tar.xz"
    assert path.stat().st_mode & 0o777 == 0o600
    with lzma.open(io.BytesIO(path.read_bytes())) as packed, tarfile.open(fileobj=packed) as files:
        contents: dict[str, bytes] = {}
        for member in files.getmembers():
            content = files.extractfile(member)
            assert content is not None
            contents[member.name] = content.read()
    assert SECRET.encode() not in b"".join(contents.values())
    manifest = json.loads(contents["rhv-logs/manifest.json"])
    statuses = {entry["name"]: entry["status"] for entry in manifest["sources"]}
    assert statuses["host/health.json"] == statuses["engine/engine.json"] == statuses["network/address.txt"] == "ok"
    assert f"jobs/{job}/status.json" in statuses
    assert json.loads(contents["rhv-logs/host/health.json"])["results"]
    assert set(statuses.values()) <= {"ok", "cut", "failed", "absent"}

    assert helper.call("logs.delete", archive=job) == {}
    assert helper.call("logs.list")["archives"] == []
    with pytest.raises(RpcFailure) as caught:
        helper.call("logs.delete", archive="../../etc/shadow")
    assert caught.value.code == "logs.not_found"
    # The job is in the event log, which this helper writes once somebody looks.
    helper.subscribe("events")
    told = events(helper, 2, kind="job")
    assert [event["what"] for event in told] == ["succeeded", "started"]


def events(helper: HelperProcess, count: int, **wanted: Any) -> list[dict[str, Any]]:
    """Wait until there are so many; each is written by itself."""

    def listed() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = helper.call("events.list", **wanted)["events"]
        return found

    return until(f"{count} events", listed, lambda found: len(found) >= count, limit_s=PATIENCE_S)


def test_a_guests_life_is_recorded_and_outlives_the_helper(tmp_path: Path, start_helper: Start) -> None:
    helper = start_helper()
    helper.subscribe("events")
    helper.subscribe("machines")
    until(
        "the helper records",
        lambda: helper.call("events.list")["recording"]["by"],
        lambda by: by == "page",
        limit_s=PATIENCE_S,
    )
    # a guest that is slow to read follows the list
    state = helper.until("machines", lambda state: state["libvirt"]["state"] == "connected" and state["machines"])
    (uuid,) = state["machines"]
    helper.call("machines.power_off", uuid=uuid)
    helper.call("machines.start", uuid=uuid)
    found = events(helper, 2, guest=uuid)
    assert [event["what"] for event in found] == ["started", "stopped"]
    assert found[0]["name"] == "test"
    helper.close()
    again = start_helper()
    kept = again.call("events.list", guest="test")["events"]
    assert [event["seq"] for event in kept] == [event["seq"] for event in found]


@pytest.mark.parametrize("method", ["logs.list", "logs.delete"])
def test_an_ordinary_user_gets_no_archive(start_helper: Start, method: str) -> None:
    helper = start_helper(user=65534)
    with pytest.raises(RpcFailure) as caught:
        helper.call(method, **({"archive": "20260301-101500-a1b2"} if method == "logs.delete" else {}))
    assert caught.value.code == "access.denied"
