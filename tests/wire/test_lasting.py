# SPDX-License-Identifier: Apache-2.0
"""What a page says to change, remove or mend a deployment: each method validated, and root's alone where it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.rpc.schema import RpcSchema

from tests.unit import deploy_support as world
from tests.unit.resume_support import PHASES, Unfinished
from tests.wire.helper_process import HelperProcess, RpcFailure
from tests.wire.test_life import NOBODY, nobodys_tree  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from pathlib import Path

    from tests.wire.conftest import Start

UNKNOWN = "20260101-000000-abcd"
#: A right request of each method that only root may make.
PRIVILEGED: dict[str, dict[str, Any]] = {
    "deploy.answers": {"job": UNKNOWN},
    "deploy.resume_plan": {"job": UNKNOWN, "answers": {}, "new_password": True},
    "deploy.resume": {"job": UNKNOWN, "answers": {}, "secrets": {"admin_password": "long enough"}},
    "deploy.cleanup_plan": {},
    "deploy.cleanup": {"fingerprint": "0" * 64, "engine": "engine.example.com"},
    "tasks.start": {"task": "none", "params": {"port": 1, "name": "x"}},
}
TEXT = """\
# for the second host
engine: {fqdn: engine.example.com, memory_mib: 2048}
network: {kind: nat, name: default, mode: dhcp}
"""


@pytest.fixture
def host(start_helper: Start, tmp_path: Path) -> HelperProcess:
    """A helper of a host without a deployment."""
    return start_helper({"COCKPIT_RHV_STATE": str(tmp_path / "var"), "COCKPIT_RHV_ETC": str(tmp_path / "etc")})


def refused(helper: HelperProcess, method: str, **params: Any) -> RpcFailure:
    with pytest.raises(RpcFailure) as caught:
        helper.call(method, **params)
    return caught.value


# -- who and what -----------------------------------------------------------------------------------------------------


def test_every_method_about_a_deployment_is_tried_here() -> None:
    rpc = RpcSchema()
    lasting = {name for name in rpc.methods if name.startswith(("deploy.", "tasks.")) and rpc.is_privileged(name)}
    assert lasting - {"deploy.start"} == set(PRIVILEGED)


def test_a_user_is_denied_before_anything_is_looked_at(start_helper: Start, nobodys_tree: Path) -> None:  # noqa: F811
    helper = start_helper(argv=["/usr/bin/python3", "-m", "cockpit_rhv.helper"], user=NOBODY, tree=nobodys_tree)
    for method, params in PRIVILEGED.items():
        error = refused(helper, method, **params)
        assert (error.code, error.number) == ("access.denied", -32000), method
        assert error.data["hint"], method
    assert refused(helper, "deploy.import", text="[]").code == "answers.not_mapping", "reading a file is anybody's"
    assert helper.close() == 0


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("deploy.import", {}),
        ("deploy.import", {"text": 1}),
        ("deploy.import", {"text": "", "more": 1}),
        ("deploy.answers", {}),
        ("deploy.answers", {"job": None}),
        ("deploy.resume_plan", {"job": UNKNOWN}),
        ("deploy.resume_plan", {"job": UNKNOWN, "answers": []}),
        ("deploy.resume_plan", {"job": UNKNOWN, "answers": {}, "new_password": "yes"}),
        ("deploy.resume", {"job": UNKNOWN}),
        ("deploy.resume", {"job": UNKNOWN, "answers": {}, "secrets": {"admin_password": 12345678}}),
        ("deploy.resume", {"job": UNKNOWN, "answers": {}, "secrets": {"other": "long enough"}}),
        ("deploy.cleanup_plan", {"more": 1}),
        ("deploy.cleanup", {}),
        ("deploy.cleanup", {"fingerprint": 1}),
        ("deploy.cleanup", {"fingerprint": "x", "engine": ["x"]}),
        ("deploy.cleanup", {"fingerprint": "x", "engine": None}),
        ("tasks.start", {"task": "open_port"}),
        ("tasks.start", {"task": "open_port", "params": {"port": True}}),
        ("tasks.start", {"task": "open_port", "params": {"port": None}}),
        ("tasks.start", {"task": ["open_port"], "params": {}}),
    ],
)
def test_a_wrong_request_is_refused(host: HelperProcess, method: str, params: dict[str, Any]) -> None:
    assert refused(host, method, **params).code == "request.invalid"
    host.call("visible", visible=True)


@pytest.mark.parametrize("job", [UNKNOWN, "", "../../etc", "\x00"])
@pytest.mark.parametrize("method", ["deploy.answers", "deploy.resume_plan", "deploy.resume"])
def test_a_job_that_does_not_exist(host: HelperProcess, method: str, job: str) -> None:
    answers: dict[str, Any] = {} if method == "deploy.answers" else {"answers": {}}
    assert refused(host, method, job=job, **answers).code == "job.not_found"


# -- import -----------------------------------------------------------------------------------------------------------


def test_a_document_is_read_and_judged(host: HelperProcess) -> None:
    found = host.call("deploy.import", text=TEXT)
    assert found["answers"]["engine"] == {"fqdn": "engine.example.com", "memory_mib": 2048}
    wrong = host.call("deploy.import", text=TEXT.replace("engine.example.com", "x"))
    assert "engine.fqdn" in {error["path"] for error in wrong["errors"]}
    assert wrong["answers"]["engine"]["fqdn"] == "x", "the form shows what is to be mended"
    assert host.call("deploy.import", text='{"engine": {"fqdn": "e.example.com"}}')["answers"]["engine"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("engine: [", "answers.syntax"),
        ("a: b: c", "answers.syntax"),
        ("a: &x [1]\nb: *x", "answers.syntax"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]", "answers.syntax"),
        ("a: " + "[" * 50 + "]" * 50, "answers.syntax"),
        ("a: !!python/object/apply:os.system [id]", "answers.syntax"),
        ("a: !!bool x", "answers.syntax"),
        ('a: !!int ""', "answers.syntax"),
        ("a: !!timestamp x", "answers.syntax"),
        ("a: 0x" + "f" * 5000, "answers.syntax"),
        ("a: .nan", "answers.syntax"),
        ("a: 2026-01-02", "answers.syntax"),
        ("1: x", "answers.syntax"),
        ("\x00", "answers.syntax"),
        ("--- {}\n--- {}", "answers.syntax"),
        ("", "answers.not_mapping"),
        ("- a\n- b", "answers.not_mapping"),
        ("just words", "answers.not_mapping"),
        ("null", "answers.not_mapping"),
    ],
)
def test_what_is_no_document(host: HelperProcess, text: str, code: str) -> None:
    error = refused(host, "deploy.import", text=text)
    assert error.code == code
    assert len(str(error)) < 5000


def test_half_a_surrogate_pair_is_text(host: HelperProcess) -> None:
    assert host.call("deploy.import", text='engine: {fqdn: "\ud800"}')["answers"]["engine"]["fqdn"] == "?"


# -- an unfinished deployment -----------------------------------------------------------------------------------------


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unfinished:
    """Its jobs' folder is the helpers' too."""
    job = Unfinished(tmp_path, monkeypatch)
    job.stop("host", name="HostedEngine", disk="/x.qcow2", started=True)
    return job


def test_its_answers_and_what_a_change_would_do(job: Unfinished, host: HelperProcess) -> None:
    known = host.call("deploy.answers", job=job.id)
    assert known == {"profile": "embedded", "answers": job.given}
    plan = host.call("deploy.resume_plan", job=job.id, answers=job.given)
    assert (plan["phases"], plan["changes"]) == (["host", "finish"], [])
    plan = host.call("deploy.resume_plan", job=job.id, answers=world.changed(job.given, {"engine.vcpus": 4}))
    assert plan["phases"] == PHASES
    assert plan["changes"] == [{"path": "engine.vcpus", "old": 2, "new": 4}]
    assert plan["discards"]
    again = host.call("deploy.resume_plan", job=job.id, answers=job.given, new_password=True)
    assert again["discards"]
    wrong = host.call("deploy.resume_plan", job=job.id, answers={})
    assert wrong["errors"]


def test_wrong_answers_resume_nothing(job: Unfinished, host: HelperProcess) -> None:
    assert refused(host, "deploy.resume", job=job.id, answers={}).code == "answers.invalid"
    assert job.status().state == "failed"


# -- cleanup and tasks ------------------------------------------------------------------------------------------------


def test_a_host_with_nothing_to_remove(host: HelperProcess) -> None:
    plan = host.call("deploy.cleanup_plan")
    assert (plan["items"], plan["loses_engine"], plan["engine"]) == ([], False, None)
    assert refused(host, "deploy.cleanup", fingerprint=plan["fingerprint"]).code == "cleanup.nothing"


@pytest.mark.parametrize(
    ("task", "params", "code"),
    [("none", {}, "task.unknown"), ("open_port", {"port": "x"}, "task.params"), ("open_port", {}, "task.params")],
)
def test_no_task_but_those_there_are(host: HelperProcess, task: str, params: dict[str, Any], code: str) -> None:
    assert refused(host, "tasks.start", task=task, params=params).code == code
