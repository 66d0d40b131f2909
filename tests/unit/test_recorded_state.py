# SPDX-License-Identifier: Apache-2.0
"""State that earlier versions wrote is read, and state that is odd hurts nothing but itself.

``recorded/0.1.0/``: ``job``, ``engine.json`` and ``deployment.json`` of a deployment on a test host by version 0.1.0
(with other addresses), ``failed`` a job that its code wrote. They are never changed; a version that writes something
else adds a folder of its own.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from cockpit_rhv.deploy.config import read_engine_config
from cockpit_rhv.deploy.engine_state import read_engine_state
from cockpit_rhv.deploy.state import Deployment, read_record
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs import JobStatus, JobStore
from cockpit_rhv.jobs.expected import expected_phase_s
from cockpit_rhv.jobs.model import PhaseSpec
from cockpit_rhv.messages import msg
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

RECORDED = Path(__file__).parent / "recorded"
VERSIONS = sorted(folder.name for folder in RECORDED.iterdir())
COMMON = json.loads((Path(__file__).parents[2] / "schemas/common.json").read_text())


def conforms(value: Any, definition: str) -> None:
    jsonschema.Draft7Validator({**COMMON, "$ref": f"#/definitions/{definition}"}).validate(value)


def place(root: Path, version: str, kind: str) -> str:
    """Lay a recorded job out as on a host; returns its id."""
    recorded = RECORDED / version / kind
    job_id = str(json.loads((recorded / "summary.json").read_text())["id"])
    folder = root / job_id
    (folder / "private").mkdir(parents=True)
    for file in recorded.iterdir():
        shutil.copy(file, folder / "private" if file.name == "spec.json" else folder)
    return job_id


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    (tmp_path / "jobs").mkdir()
    return JobStore(tmp_path / "jobs")


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path / "var"))
    monkeypatch.setenv("COCKPIT_RHV_ETC", str(tmp_path / "etc"))
    monkeypatch.setenv("COCKPIT_RHV_JOBS", str(tmp_path / "jobs"))


# -- jobs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(("kind", "state", "phases"), [("job", "succeeded", 7), ("failed", "failed", 2)])
def test_a_recorded_job(store: JobStore, version: str, kind: str, state: str, phases: int) -> None:
    job_id = place(store.root, version, kind)
    status = store.load(job_id)
    assert (status.state, status.version, len(status.phases)) == (state, version, phases)
    assert status.resumable is (state == "failed")
    conforms(status.to_json(), "JobStatus")
    conforms(store.list().to_json(), "Jobs")
    spec = store.spec(job_id)
    assert [phase.id for phase in spec.phases] == [phase.id for phase in status.phases]
    assert spec.answers["profile"] == "embedded"
    events = store.events(job_id)
    for event in events:
        conforms(event.to_json(), "JobEvent")
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert bool(events) is (kind == "job")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_recorded_failure_keeps_its_words(store: JobStore, version: str) -> None:
    status = store.load(place(store.root, version, "failed"))
    assert status.error is not None
    assert (status.error.code, str(status.error.message)) == (
        "disk.full",
        "There is no room left in /var/lib/libvirt/images.",
    )
    assert status.error.hint
    assert (status.error.cause, status.error.remedy) == (None, None)
    assert status.progress is not None
    assert status.progress.total == 113115136


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_recorded_job_took_is_what_the_next_one_is_expected_to_take(store: JobStore, version: str) -> None:
    place(store.root, version, "job")
    phase = PhaseSpec("engine", msg("phase.engine", "Wait"), 600.0)
    expected, *_ = expected_phase_s(phase, "deploy", "embedded", store.list().jobs)
    assert 40 < expected < 60


@pytest.mark.parametrize("version", VERSIONS)
def test_who_may_not_read_a_recorded_job_sees_its_summary(store: JobStore, version: str) -> None:
    from cockpit_rhv.jobs.store import denied
    from cockpit_rhv.jobs.summary import from_summary

    summary = json.loads((RECORDED / version / "job/summary.json").read_text())
    seen = from_summary(summary, denied(None))
    assert (seen.state, seen.phases) == ("succeeded", [])
    conforms(seen.to_json(), "JobStatus")


def changed(store: JobStore, **members: Any) -> str:
    """A job whose status.json has other members; ``...`` removes one."""
    job_id = place(store.root, VERSIONS[0], "failed")
    path = store.root / job_id / "status.json"
    value = {**json.loads(path.read_text()), **members}
    path.write_text(json.dumps({name: item for name, item in value.items() if item is not ...}))
    return job_id


def test_members_of_a_later_version_are_no_hindrance(store: JobStore) -> None:
    job_id = changed(store, mood="good", forecast={"rain": [1, 2]}, version="9.9.9")
    path = store.root / job_id / "status.json"
    value = json.loads(path.read_text())
    for phase in value["phases"]:
        phase["colour"] = "blue"
    value["error"]["weight"] = 1
    value["progress"]["speed"] = 2
    path.write_text(json.dumps(value))
    status = store.load(job_id)
    assert (status.state, status.version) == ("failed", "9.9.9")
    conforms(status.to_json(), "JobStatus")


def test_a_kind_of_a_later_version_is_listed(store: JobStore) -> None:
    job_id = changed(store, kind="teleport")
    (job,) = store.list().jobs
    assert (job.id, job.kind, job.state) == (job_id, "teleport", "failed")


def test_an_event_of_a_later_version_is_no_hindrance(store: JobStore) -> None:
    job_id = place(store.root, VERSIONS[0], "job")
    path = store.root / job_id / "events.ndjson"
    last = json.loads(path.read_text().splitlines()[-1])
    with path.open("a") as stream:
        stream.write(json.dumps({**last, "seq": last["seq"] + 1, "type": "teleported", "colour": "blue"}) + "\n")
    assert store.events(job_id)[-1].type == "teleported"


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from([[], {}, ["x"], {"a": 1}])
)  # fmt: skip
MEMBERS = sorted(set(json.loads((RECORDED / "0.1.0/failed/status.json").read_text())) - {"state"})


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(MEMBERS), ODD), st.text(max_size=5))
def test_a_damaged_status_hurts_nobody_but_its_job(store: JobStore, damage: dict[str, Any], state: str) -> None:
    """Beside it a good one is listed; the damaged one is what its summary says, or what could be read."""
    shutil.rmtree(store.root)
    store.root.mkdir()
    good = place(store.root, VERSIONS[0], "job")
    changed(store, **damage, state=state)
    assert good in [job.id for job in store.list().jobs]


def test_a_job_of_an_earlier_version_that_a_reboot_ended(store: JobStore) -> None:
    job_id = changed(store, state="running", ended_s=None, error=None)
    os.utime(store.root / job_id / "status.json", (0, 0))
    assert time.time() > 1
    assert (store.load(job_id).state, store.load(job_id).resumable) == ("interrupted", True)


def test_what_is_written_is_read_again(store: JobStore) -> None:
    """Also without a recording: the form of today, round and round."""
    status = store.load(place(store.root, VERSIONS[0], "failed"))
    assert JobStatus.from_json(json.loads(json.dumps(status.to_json()))).to_json() == status.to_json()


# -- the deployment and its result ------------------------------------------------------------------------------------


def lay(tmp_path: Path, version: str, *names: str) -> None:
    for name in names:
        folder = tmp_path / ("etc" if name == "engine.json" else "var/engine")
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(RECORDED / version / name, folder / name)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_recorded_engine(tmp_path: Path, version: str) -> None:
    lay(tmp_path, version, "engine.json", "deployment.json")
    config = read_engine_config()
    assert config is not None
    assert (config.fqdn, config.engine_version, config.name) == ("engine.rhv.test", "0.1.0", "HostedEngine")
    conforms(config.to_json(), "EngineConfig")
    state = read_engine_state()
    assert state["config"]["fqdn"] == "engine.rhv.test"
    conforms(state, "Engine")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_recorded_deployment_is_known_as_finished(tmp_path: Path, version: str) -> None:
    lay(tmp_path, version, "engine.json", "deployment.json")
    record = read_record()
    assert record is not None
    assert (record.finished, record.disk) == (True, "/var/lib/libvirt/images/HostedEngine.qcow2")
    assert record.disk in record.files()
    with pytest.raises(RhvError) as caught:
        Deployment.open("20990101-000000-abcd")
    assert caught.value.code == "engine.deployed"
    again = Deployment.open(record.job)
    again.update(address="192.0.2.99")
    written = read_record()
    assert written is not None
    assert (written.address, written.uuid) == ("192.0.2.99", record.uuid)


@pytest.mark.parametrize("version", VERSIONS)
def test_members_of_a_later_version_in_the_state(tmp_path: Path, version: str) -> None:
    lay(tmp_path, version, "engine.json", "deployment.json")
    for path in (tmp_path / "etc/engine.json", tmp_path / "var/engine/deployment.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "mood": "good", "version": 7}))
    record, config = read_record(), read_engine_config()
    assert record is not None
    assert config is not None
    assert record.finished


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", '{"job": 1}', '"x"', "\0\0\0"])
def test_damaged_state_is_said_to_be(tmp_path: Path, text: str) -> None:
    lay(tmp_path, VERSIONS[0], "engine.json", "deployment.json")
    (tmp_path / "etc/engine.json").write_text(text)
    (tmp_path / "var/engine/deployment.json").write_text(text)
    with pytest.raises(RhvError, match=r"engine\.config_damaged") as caught:
        read_engine_config()
    assert caught.value.hint
    with pytest.raises(RhvError, match=r"state\.damaged"):
        read_record()
