# SPDX-License-Identifier: Apache-2.0
"""What a job is given in ``vars.json`` stays there: a marker is planted and looked for all the way through."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit_rhv.jobs import JobStore, start_job
from cockpit_rhv.jobs.launch import launch_command

from .jobs_support import PlainLauncher, journal, playbooks, plugins, spec

if TYPE_CHECKING:
    import pytest

MARKER = "marker-4f1d"


def test_a_secret_is_nowhere_to_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, launcher = JobStore(tmp_path / "jobs"), PlainLauncher()
    hold = {"given": {"secret": "{{ rhv_admin_password_hash }}", "sleep": True}}
    fail = {"given": {"secret": "{{ rhv_admin_password_hash }}", "failed": True, "echo": "{{ rhv_answers }}"}}
    tasks: dict[str, list[dict[str, Any]]] = {
        "one": [{"name": "Hold it", "hold": hold}],
        "two": [{"name": "Fail with it", "hold": fail}],
    }
    body = "import time\ntime.sleep(1 if given.get('sleep') else 0)\nresult = {**given, 'msg': 'it failed'}"
    job_id = start_job(
        spec(*tasks, answers={"of": "someone"}),
        playbooks(tmp_path / "playbooks", tasks),
        plugins(tmp_path / "plugins", {"hold": body}),
        {"rhv_admin_password_hash": MARKER, "rhv_answers": {"hash": MARKER}},
        store=store,
        launcher=launcher,
    )
    unit = store.load(job_id).unit
    looked_at: set[str] = set()
    while pids := launcher.processes(unit):
        for pid in pids:
            for name in ("cmdline", "environ"):
                try:
                    content = Path(f"/proc/{pid}/{name}").read_bytes()
                except OSError:  # it ended while we looked
                    continue
                assert MARKER.encode() not in content, content
                looked_at.add(content.split(b"\0")[0].decode("utf-8", "replace").rpartition("/")[2])
    assert launcher.wait(unit) == 1
    status = store.load(job_id)
    assert status.error is not None
    assert (status.error.code, status.error.detail) == ("job.task_failed", "it failed"), journal(store, job_id)
    assert any("python" in name for name in looked_at), "no process was looked at"

    folder = store.folder(job_id)
    assert MARKER in (folder / "private" / "vars.json").read_text(), "the marker was not planted"
    for path in folder.rglob("*"):
        if path.is_file() and "private" not in path.relative_to(folder).parts:
            assert MARKER not in path.read_text(), path
    assert MARKER not in journal(store, job_id)


def test_only_root_reads_what_holds_one(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs")
    folder = playbooks(tmp_path / "playbooks", {"one": [{"name": "Fail", "ansible.builtin.fail": {"msg": "no"}}]})
    launcher = PlainLauncher()
    job_id = start_job(spec("one"), folder, variables={"secret": MARKER}, store=store, launcher=launcher)
    launcher.wait(store.load(job_id).unit)
    job = store.folder(job_id)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (job, *job.iterdir())}
    assert modes == {
        job_id: 0o751,
        "private": 0o700,
        "boot": 0o644,
        "status.json": 0o640,
        "events.ndjson": 0o640,
        "summary.json": 0o644,
    }
    assert oct(store.root.stat().st_mode & 0o777) == "0o755"
    for path in (job / "private").rglob("*"):
        if path.is_file() and MARKER.encode() in path.read_bytes():
            assert path.stat().st_mode & 0o077 == 0, path


def test_no_argument_of_systemd_holds_one(tmp_path: Path) -> None:
    """The unit is told paths; what it needs to know is in the folder."""
    store = JobStore(tmp_path / "jobs")
    with store.lock():
        status = store.create(
            spec("one", answers={"x": MARKER}), playbooks(tmp_path / "p", {"one": []}), variables={"y": MARKER}
        )
    command = launch_command(status.unit, store.folder(status.id))
    assert MARKER not in " ".join(command)
    assert "--property=LimitCORE=0" in command
    assert f"--property=RuntimeDirectory=cockpit-rhv/{status.id}" in command
    assert "--property=RuntimeDirectoryMode=0700" in command
    assert "--property=KillMode=control-group" in command
    assert json.loads((store.folder(status.id) / "private" / "spec.json").read_text())["answers"] == {"x": MARKER}
    assert os.fspath(store.folder(status.id)) == command[-1]
