# SPDX-License-Identifier: Apache-2.0
"""Jobs as units of a real systemd: what it promises about processes, secrets and files is held."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testhost.host import TestHost

pytestmark = pytest.mark.host

MARKER = "marker-of-a-job-7c1e"
# Work, then sleep together with a daemon that has left the session, unless the file "awake" exists.
PLAYBOOKS = {
    "one": [{"name": "Work", "ansible.builtin.command": "/bin/true"}],
    "two": [
        {
            "name": "Sleep",
            "ansible.builtin.shell": "test -e /root/jobs-test/awake || { setsid sleep 4242 & sleep 4242; }",
            "environment": {"SECRET_LENGTH": "{{ secret | length }}"},
        }
    ],
}
START = """
import json, sys
from pathlib import Path
from cockpit_rhv.jobs import JobSpec, PhaseSpec, start_job
from cockpit_rhv.messages import msg
phases = tuple(PhaseSpec(name, msg(name, name), 1.0) for name in ("one", "two"))
spec = JobSpec("task", msg("t", "A job of the tests"), "root", phases)
print(start_job(spec, Path("/root/jobs-test"), variables={"secret": sys.stdin.read()}))
"""


@pytest.fixture
def job(host: TestHost) -> Iterator[str]:
    """A job that sleeps in its second phase; it and its traces are removed afterwards."""
    for phase, tasks in PLAYBOOKS.items():
        play = [{"name": phase, "hosts": "localhost", "tasks": tasks}]
        host.container.write(f"/root/jobs-test/{phase}.yml", json.dumps(play))
    job_id = host.container.run("python3", "-c", START, input=MARKER).stdout.strip()
    until("the job sleeps", lambda: sleepers(host), bool)
    yield job_id
    host.container.run("cockpit-rhv", "cancel", job_id, check=False)
    host.container.run("rm", "-rf", "/root/jobs-test", f"/var/lib/cockpit-rhv/jobs/{job_id}")


def sleepers(host: TestHost) -> list[str]:
    return host.container.run("pgrep", "-fx", "sleep 4242", check=False).stdout.split()


def status(host: TestHost, job_id: str) -> dict[str, Any]:
    path = host.container.root / "var/lib/cockpit-rhv/jobs" / job_id / "status.json"
    read: dict[str, Any] = json.loads(path.read_text())
    return read


def unit(host: TestHost, job_id: str, name: str) -> str:
    shown = host.container.run("systemctl", "show", "--value", "-p", name, f"cockpit-rhv-job-{job_id}.service")
    return str(shown.stdout).strip()


def test_cancel_leaves_nothing_running_within_three_seconds(host: TestHost, job: str) -> None:
    assert len(sleepers(host)) == 2
    began = time.monotonic()
    host.container.run("cockpit-rhv", "cancel", job)
    assert time.monotonic() - began < 3
    assert sleepers(host) == []
    assert status(host, job)["state"] == "cancelled"
    left = host.container.run("systemctl", "list-units", "--all", "--no-legend", f"cockpit-rhv-job-{job}.service")
    assert left.stdout == ""


def test_a_killed_runner_is_noticed_by_itself_and_resumed_at_once(host: TestHost, job: str) -> None:
    main = unit(host, job, "MainPID")
    host.container.run("kill", "-9", main)
    told = until("the status tells", lambda: status(host, job), lambda now: now["state"] != "running", limit_s=10)
    assert (told["state"], told["error"]["code"]) == ("interrupted", "job.interrupted")
    assert "EXIT_STATUS=KILL" in told["error"]["detail"]
    assert [phase["state"] for phase in told["phases"]] == ["done", "failed"]
    assert sleepers(host) == []
    host.container.write("/root/jobs-test/awake", "")
    resumed = host.container.run("cockpit-rhv", "resume", job)
    assert "attempt 2" in resumed.stdout
    assert status(host, job)["state"] == "succeeded"


def test_the_unit_keeps_secrets_to_itself(host: TestHost, job: str) -> None:
    assert unit(host, job, "LimitCORE") == "0"
    runtime = host.container.root / "run/cockpit-rhv" / job
    # The container's /run is a file system of its own, seen only from inside.
    assert host.container.run("stat", "-c", "%a", f"/{runtime.relative_to(host.container.root)}").stdout == "700\n"
    seen = host.container.run("sh", "-c", "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ | tr '\\0' '\\n'", check=False)
    assert "cockpit_rhv.jobs.runner" in seen.stdout
    assert MARKER not in seen.stdout
    assert MARKER not in host.container.run("journalctl", "--no-pager").stdout
    readable = host.container.run(
        "grep", "-rlF", MARKER, f"/var/lib/cockpit-rhv/jobs/{job}", user="nobody", check=False
    )
    assert readable.stdout == ""
    host.container.run("kill", "-9", unit(host, job, "MainPID"))
    until("the unit is gone", lambda: unit(host, job, "LoadState"), lambda state: state == "not-found")
    assert host.container.run("ls", "-A", "/run/cockpit-rhv", check=False).stdout.split().count(job) == 0


def test_an_ordinary_user_sees_the_job_and_what_is_needed(host: TestHost, job: str) -> None:
    listed = host.container.run("cockpit-rhv", "jobs", user="nobody")
    assert job in listed.stdout
    assert "libvirt" in listed.stderr
    refused = host.container.run("cockpit-rhv", "attach", job, user="nobody", check=False)
    assert (refused.returncode, "[access.denied]" in refused.stderr) == (4, True)
    assert host.container.run("cockpit-rhv", "cancel", job, user="nobody", check=False).returncode == 4
    assert status(host, job)["state"] == "running"
