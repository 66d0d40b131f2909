# SPDX-License-Identifier: Apache-2.0
"""What a resume costs when everything is done already, and how soon nothing runs after a click on *Cancel*."""

from __future__ import annotations

import json
import statistics
import time
from typing import TYPE_CHECKING, Any

from tests.bench.deploy import PASSWORD, answers, new_host
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.report import Report
    from tests.testhost.host import TestHost

ROUNDS = 3


def _start(host: TestHost) -> Path:
    """A deployment, detached; its folder."""
    started = host.container.run(
        "cockpit-rhv", "deploy", "--answers", "/root/answers.json", "--admin-password-stdin", "--detach", input=PASSWORD
    )
    return host.container.root / "var/lib/cockpit-rhv/jobs" / str(started.stdout.split()[-1])


def _status(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((folder / "status.json").read_text())
    return read


def _in_phase(folder: Path, phase: str) -> None:
    until(f"phase {phase}", lambda: _status(folder)["phase"], lambda now: now == phase, limit_s=120, every_s=0.05)


def cancel_once(host: TestHost) -> float:
    """From the request to the helper until its answer, which comes when nothing of the job runs any more."""
    folder = _start(host)
    _in_phase(folder, "engine")
    # The method behind the page's button, without the time the shell's front door needs to start.
    program = (
        "import sys, time; from cockpit_rhv.jobs.control import cancel_job; began = time.monotonic(); "
        "cancel_job(sys.argv[1]); print(time.monotonic() - began)"
    )
    seconds = float(host.container.run("python3", "-c", program, folder.name).stdout)
    left = host.container.run("pgrep", "-f", f"cockpit_rhv.jobs.runner|{folder.name}/private", check=False).stdout
    assert left == "", left
    host.container.run("cockpit-rhv", "cleanup", "--yes")
    return seconds


def resume_once(host: TestHost, folder: Path) -> float:
    """Every phase of a finished deployment again, as after a lost status: each finds that it is done."""
    status = _status(folder)
    for phase in status["phases"]:
        phase["state"] = "pending"
    (folder / "status.json").write_text(json.dumps({**status, "state": "interrupted", "resumable": True}))
    began = time.monotonic()
    host.container.run("cockpit-rhv", "resume", folder.name)
    seconds = time.monotonic() - began
    assert _status(folder)["state"] == "succeeded"
    return seconds


def measure(report: Report) -> None:
    """cancel_s and resume_overhead_s."""
    host = new_host()
    host.container.write("/root/answers.json", json.dumps(answers(host)))
    cancelled = [cancel_once(host) for _ in range(ROUNDS)]
    report.put("cancel_s", statistics.median(cancelled))
    folder = _start(host)
    until("the deployment is done", lambda: _status(folder)["state"], lambda now: now == "succeeded", limit_s=300)
    report.put("resume_overhead_s", statistics.median(resume_once(host, folder) for _ in range(ROUNDS)))
    host.down()
