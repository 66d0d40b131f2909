# SPDX-License-Identifier: Apache-2.0
"""The archive for whoever is asked for help: what is in it, what never is, and the two ways to get it."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

import pytest
from cockpit_rhv import cli
from cockpit_rhv.deploy import bundle, places
from cockpit_rhv.deploy.bundle import write_bundle
from cockpit_rhv.deploy.config import EngineConfig, write_engine_config
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.errors import RhvError
from cockpit_rhv.jobs import JobStore
from cockpit_rhv.jobs.control import start_job
from cockpit_rhv.jobs.files import read_json
from cockpit_rhv.messages import msg

from tests.unit import deploy_support as world

from .jobs_support import ROOT, PaperLauncher, ended, playbooks, spec

UNKNOWN = "20260101-000000-abcd"
HASHES = {"rhv_admin_password_hash": "scrypt$MARK-ADMIN-HASH", "rhv_root_password_hash": "$6$MARK-ROOT-HASH"}


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobStore:
    for name, folder in {"JOBS": "jobs", "STATE": "var", "ETC": "etc"}.items():
        monkeypatch.setenv(f"COCKPIT_RHV_{name}", str(tmp_path / folder))
    monkeypatch.setattr(bundle, "_checks", lambda: b"{}")
    small = tmp_path / "cockpit_rhv"
    small.mkdir()
    monkeypatch.setattr("cockpit_rhv.jobs.store._LIBRARY", small)
    return JobStore()


@pytest.fixture
def job(store: JobStore, tmp_path: Path) -> str:
    """A failed deployment with everything about it that must stay on the host."""
    answers = world.changed(world.answers(), {"engine.name": "MarkedVm"})
    launcher = PaperLauncher()
    folder = playbooks(tmp_path / "playbooks", {"one": []})
    variables = {"rhv_answers": answers, **HASHES}
    job_id = start_job(spec("one", answers=answers), folder, None, variables, store=store, launcher=launcher)
    ended(store, launcher, job_id, "failed")
    (store.folder(job_id) / "events.ndjson").write_text('{"seq": 1}\n')
    for number in ("1", "2"):
        artifacts = store.folder(job_id) / "private" / "artifacts" / number
        artifacts.mkdir(parents=True)
        (artifacts / "stdout").write_text(f"PLAY RECAP {number}")
        (artifacts / "command").write_text("MARK-COMMAND")
    deployment = Deployment.open(job_id)
    deployment.token()
    deployment.job_key()
    places.pki_dir().mkdir(parents=True)
    (places.pki_dir() / "agent.key").write_text("MARK-AGENT-KEY")
    return job_id


def unpacked(data: bytes, job_id: str) -> dict[str, bytes]:
    """Everything in the archive, by its path below the archive's one folder."""
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        members = archive.getmembers()
        assert all(member.isfile() and member.mode == 0o600 for member in members)
        assert all(member.name.startswith(f"rhv-{job_id}/") and ".." not in member.name for member in members)
        found = {}
        for member in members:
            stream = archive.extractfile(member)
            assert stream is not None
            found[member.name.partition("/")[2]] = stream.read()
    assert len(found) == len(members)
    return found


def content(store: JobStore, job_id: str) -> dict[str, bytes]:
    output = io.BytesIO()
    write_bundle(job_id, output, store)
    return unpacked(output.getvalue(), job_id)


def test_what_is_in_it(store: JobStore, job: str) -> None:
    found = content(store, job)
    assert set(found) == {
        "about.json",
        "job/answers.json",
        "job/status.json",
        "job/events.ndjson",
        "job/summary.json",
        "job/output-1.txt",
        "job/output-2.txt",
        "host/facts.json",
        "host/checks.json",
        "host/journal-job.txt",
        "host/journal-agent.txt",
        "host/journal-libvirt.txt",
        "host/guests.txt",
        "host/networks.txt",
        "engine/domain.xml",
        "engine/MarkedVm.first-contact",
        "engine/MarkedVm-serial0.log",
        "engine/MarkedVm.log",
        "engine/engine.json",
        "engine/deployment.json",
        "engine/upgrade.json",
    }
    assert json.loads(found["about.json"])["job"] == job
    assert json.loads(found["job/answers.json"])["answers"]["engine"]["name"] == "MarkedVm"
    assert json.loads(found["job/status.json"])["state"] == "failed"
    assert found["job/output-2.txt"] == b"PLAY RECAP 2"
    assert "kernel" in json.loads(found["host/facts.json"])


def test_no_password_hash_key_or_token(store: JobStore, job: str) -> None:
    state, private = places.state_dir(), store.folder(job) / "private"
    assert "MARK-ADMIN-HASH" in (private / "vars.json").read_text(), "what is looked for exists"
    secrets = [
        (state / "token").read_bytes(),
        (state / "job.key").read_bytes().splitlines()[1],
        *(text.encode() for text in HASHES.values()),
        b"MARK",
        b"PRIVATE KEY",
    ]
    found = content(store, job)
    inside = b"\n".join(data.replace(b"MarkedVm", b"") for data in found.values())
    assert [secret for secret in secrets if secret in inside] == []
    assert not any("vars" in name or "key" in name for name in found)


def test_a_job_of_another_kind_has_no_vm(store: JobStore, tmp_path: Path) -> None:
    launcher = PaperLauncher()
    job_id = start_job(spec("one", kind="task"), playbooks(tmp_path / "p", {"one": []}), store=store, launcher=launcher)
    found = content(store, job_id)
    assert {name for name in found if name.startswith("engine/")} == {"engine/engine.json"}


@pytest.mark.parametrize("kind", ["cleanup", "upgrade"])
@pytest.mark.parametrize("known_by", ["deployment.json", "engine.json"])
def test_a_cleanup_and_an_upgrade_have_the_engines_files(
    store: JobStore, tmp_path: Path, kind: str, known_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "serial_log_file", lambda name: tmp_path / f"{name}-serial0.log")
    (tmp_path / "MarkedVm-serial0.log").write_text("what the VM said")
    if known_by == "deployment.json":
        Deployment.open(UNKNOWN).update(name="MarkedVm")
        # What is damaged hides nothing else.
        places.engine_json().parent.mkdir(parents=True, exist_ok=True)
        places.engine_json().write_text("{")
    else:
        fields = dict.fromkeys(EngineConfig.__dataclass_fields__, "x")
        del fields["version"], fields["previous"]
        write_engine_config(EngineConfig(**{**fields, "name": "MarkedVm", "deployed_s": 1.0}))  # type: ignore[arg-type]
    launcher = PaperLauncher()
    job_id = start_job(spec("one", kind=kind), playbooks(tmp_path / "p", {"one": []}), store=store, launcher=launcher)
    found = content(store, job_id)
    assert found["engine/MarkedVm-serial0.log"] == b"what the VM said"
    assert {"engine/domain.xml", "engine/deployment.json", "engine/upgrade.json", "engine/engine.json"} <= set(found)
    assert b"MarkedVm" in found[f"engine/{known_by}"]


def test_a_cleanup_that_has_removed_everything_has_no_vm(store: JobStore, tmp_path: Path) -> None:
    launcher = PaperLauncher()
    folder = playbooks(tmp_path / "p", {"one": []})
    job_id = start_job(spec("one", kind="cleanup"), folder, store=store, launcher=launcher)
    found = content(store, job_id)
    assert "engine/domain.xml" not in found
    assert found["engine/deployment.json"].startswith(b"(not to be had: ")


def test_what_cannot_be_had_says_why(store: JobStore, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "read_host_facts", world.raising(RuntimeError("a fault of ours \udcff")))
    monkeypatch.setattr(bundle, "_checks", world.raising(RhvError("a.b", msg("a.b", "No."))))
    monkeypatch.setattr("subprocess.run", world.raising(subprocess.TimeoutExpired(["virsh"], 20)))
    (store.folder(job) / "events.ndjson").unlink()
    found = content(store, job)
    for name in ("host/facts.json", "host/checks.json", "host/guests.txt", "engine/domain.xml", "job/events.ndjson"):
        assert found[name].startswith(b"(not to be had: "), name
    assert b"a fault of ours" in found["host/facts.json"]
    assert b"20 seconds" in found["host/guests.txt"]
    assert json.loads(found["job/answers.json"]), "the others are there"


def test_of_what_is_too_long_the_end_is_told(store: JobStore, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "_LIMIT", 10)
    assert content(store, job)["job/output-1.txt"] == b"AY RECAP 1"


def test_text_that_utf_8_cannot_say(store: JobStore, job: str) -> None:
    path = store.folder(job) / "private" / "spec.json"
    value = read_json(path)
    value["answers"]["engine"]["fqdn"] = "half \ud800 a pair"
    path.write_text(json.dumps(value))
    assert b"half \\ud800 a pair" in content(store, job)["job/answers.json"]


@pytest.mark.parametrize("job_id", [UNKNOWN, "", "../../etc", "x"])
def test_an_unknown_job_writes_nothing(store: JobStore, job_id: str) -> None:
    output = io.BytesIO()
    with pytest.raises(RhvError) as caught:
        write_bundle(job_id, output, store)
    assert caught.value.code == "job.not_found"
    assert output.getvalue() == b""


# -- by the helper, as /cockpit/channel asks for it -------------------------------------------------------------------


def helper(*arguments: str, **streams: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "cockpit_rhv.helper", "bundle", *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT / "bridge"), "COCKPIT_RHV_LIBVIRT_URI": "test:///default"},
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=120,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
    )


def test_the_helper_writes_it_to_a_pipe(store: JobStore, job: str) -> None:
    done = helper(job)
    assert done.returncode == 0, done.stderr.decode()
    found = unpacked(done.stdout, job)
    assert json.loads(found["host/checks.json"])["results"], "the checks of this host are in it"


@pytest.mark.parametrize("arguments", [[UNKNOWN], [], ["../../etc"]])
def test_the_helper_fails_the_download_of_what_does_not_exist(store: JobStore, arguments: list[str]) -> None:
    done = helper(*arguments)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"Traceback" not in done.stderr


def test_the_helper_of_a_user_gives_nothing_away(store: JobStore, job: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # pytest's own folders are closed to other users.
    with tempfile.TemporaryDirectory() as open_folder:
        os.chmod(open_folder, 0o755)
        jobs = Path(open_folder) / "jobs"
        shutil.copytree(store.root, jobs)
        monkeypatch.setenv("COCKPIT_RHV_JOBS", str(jobs))
        assert helper(job).returncode == 0
        done = helper(job, user=65534, group=65534, extra_groups=[])
        assert (done.returncode, done.stdout) == (1, b"")
        assert b"may not read" in done.stderr


# -- by the shell -----------------------------------------------------------------------------------------------------


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setattr("cockpit_rhv.cli_jobs.reconcile", lambda _store: [])


@pytest.mark.usefixtures("shell")
def test_logs_writes_a_file_for_its_maker_alone(
    store: JobStore, job: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "help.tar.gz"
    old = os.umask(0)
    try:
        assert cli.main(["logs", job, "--bundle", str(target)]) == 0
    finally:
        os.umask(old)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert unpacked(target.read_bytes(), job)["job/output-1.txt"] == b"PLAY RECAP 1"
    assert str(target) in capsys.readouterr().err

    target.write_text("mine")
    assert cli.main(["logs", job, "--bundle", str(target)]) == 3
    said = capsys.readouterr().err
    assert f"{target} exists already." in said
    assert "[bundle.exists]" in said
    assert target.read_text() == "mine"


@pytest.mark.usefixtures("shell")
def test_logs_follows_no_link_to_another_file(store: JobStore, job: str, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    assert cli.main(["logs", job, "--bundle", str(tmp_path / "link")]) == 3
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.usefixtures("shell")
def test_logs_leaves_no_half_archive(
    store: JobStore, job: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "help.tar.gz"
    assert cli.main(["logs", UNKNOWN, "--bundle", str(target)]) == 3
    assert not target.exists()
    (store.folder(job) / "private" / "spec.json").write_text("{")
    assert cli.main(["logs", job, "--bundle", str(target)]) == 1
    assert "[job.damaged]" in capsys.readouterr().err
    assert not target.exists()
    assert cli.main(["logs", job, "--bundle", str(tmp_path / "none" / "x")]) == 1
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.usefixtures("shell")
def test_logs_writes_to_stdout(store: JobStore, job: str) -> None:
    code = f"import sys; from cockpit_rhv import cli; sys.exit(cli.main(['logs', {job!r}, '--bundle', '-']))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "bridge")},
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    assert unpacked(done.stdout, job)["job/output-1.txt"] == b"PLAY RECAP 1"
