# SPDX-License-Identifier: Apache-2.0
"""What the other parts of the library say, as it crosses the wire: jobs, checks, the wizard's form."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.jobs import JobSpec, JobStore, PhaseSpec
from cockpit_rhv.jobs.eventlog import EventLog
from cockpit_rhv.jobs.model import JobEvent
from cockpit_rhv.messages import msg

from tests.wire.helper_process import HelperProcess, RpcFailure
from tests.wire.test_life import RUN_HELPER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wire.conftest import Start


def make_job(root: Path, playbooks: Path) -> str:
    """A job that waits to be started; returns its id."""
    playbooks.mkdir()
    spec = JobSpec("task", msg("t", "Say hello"), "somebody", (PhaseSpec("greet", msg("p", "Greet"), 3.0),))
    return JobStore(root).create(spec, playbooks).id


def event(number: int) -> JobEvent:
    return JobEvent(number, time.time(), 0.1, "log", msg("e", "Line {n}", n=number), "greet")


def test_a_job_is_seen_from_its_beginning_and_as_it_goes_on(helper: HelperProcess, tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs")
    job = make_job(store.root, tmp_path / "playbooks")
    log = EventLog(store.root / job / "events.ndjson")
    log.append(event(1))

    helper.subscribe("jobs")
    helper.until("jobs", lambda state: state["jobs"].get(job, {}).get("state") == "queued")
    topic = helper.subscribe(f"job/{job}")
    assert topic.state["status"]["title"]["text"] == "Say hello"
    assert list(topic.state["events"]) == ["1"]

    log.append(event(2))
    status = store.load(job)
    status.state = "running"
    store.write_status(status)
    state = helper.until(f"job/{job}", lambda seen: "2" in seen["events"] and seen["status"]["state"] == "running")
    assert state["events"]["2"]["message"]["params"] == {"n": 2}
    assert all("1" not in patch.get("events", {}) for patch in topic.patches)  # nothing is told twice
    helper.until("jobs", lambda seen: seen["jobs"][job]["state"] == "running")
    log.close()
    assert helper.close() == 0


def test_a_job_that_begins_later_appears(helper: HelperProcess, tmp_path: Path) -> None:
    helper.subscribe("jobs")
    job = make_job(tmp_path / "jobs", tmp_path / "playbooks")
    helper.until("jobs", lambda state: job in state["jobs"])


def test_the_output_and_the_control_of_a_job_that_does_not_exist(helper: HelperProcess) -> None:
    for method, more in (("jobs.output", {"offset": 0}), ("jobs.cancel", {}), ("jobs.resume", {})):
        with pytest.raises(RpcFailure) as caught:
            helper.call(method, job="20260101-000000-abcd", **more)
        assert caught.value.code == "job.not_found"


def test_checks_report_and_an_unknown_one_is_refused(helper: HelperProcess) -> None:
    report = helper.call("checks.run")
    ids = [result["id"] for result in report["results"]]
    assert len(ids) >= 5
    assert len(set(ids)) == len(ids)
    assert [result["id"] for result in helper.call("checks.run", ids=ids[:1])["results"]] == ids[:1]
    with pytest.raises(RpcFailure) as caught:
        helper.call("checks.run", ids=["no.such"])
    assert caught.value.code == "checks.unknown"


def test_the_forms_own_values_lack_nothing_but_consent(helper: HelperProcess) -> None:
    form = helper.call("deploy.form")
    # where there is neither DHCP nor libvirt's network, an address has to be typed
    answers = {**form["values"], "network": {**form["values"]["network"], "mode": "dhcp"}}
    errors = helper.call("deploy.validate", profile=form["profile"], answers=answers)["errors"]
    assert [error["path"] for error in errors if not error["path"].startswith("accept.")] == []


def test_preflight_does_not_judge_answers_that_are_wrong(helper: HelperProcess) -> None:
    form = helper.call("deploy.form")
    answers = {**form["values"], "engine": {**form["values"]["engine"], "memory_mib": "much"}}
    result = helper.call("deploy.preflight", profile=form["profile"], answers=answers)
    assert "engine.memory_mib" in [error["path"] for error in result["errors"]]
    assert result["report"]["results"] == []


def test_a_deployment_with_wrong_answers_is_not_started(helper: HelperProcess, tmp_path: Path) -> None:
    form = helper.call("deploy.form")
    with pytest.raises(RpcFailure) as caught:
        helper.call(
            "deploy.start",
            profile=form["profile"],
            answers={"engine": {"fqdn": "no name"}},
            secrets={"admin_password": "not in any log"},
        )
    assert caught.value.code == "answers.invalid"
    assert "not in any log" not in str(caught.value)
    assert not (tmp_path / "jobs").exists()


def test_a_host_without_libvirt_says_what_to_install(start_helper: Start) -> None:
    helper = start_helper(argv=[sys.executable, "-c", "import sys; sys.modules['libvirt'] = None; " + RUN_HELPER])
    helper.subscribe("machines")
    state = helper.until("machines", lambda state: state["libvirt"]["state"] == "absent")
    assert state["libvirt"]["access"] == "none"
    assert "libvirt-daemon-system" in state["libvirt"]["error"]["hint"]["text"]
    assert helper.subscribe("host").state["kernel"]
    assert helper.close() == 0
