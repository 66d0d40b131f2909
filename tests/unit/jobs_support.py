# SPDX-License-Identifier: Apache-2.0
"""What the tests of jobs share: a launcher that needs no systemd, and tiny jobs of real playbooks."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit_rhv.jobs import JobSpec, JobStatus, JobStore, PhaseSpec
from cockpit_rhv.jobs.model import RESUMABLE_STATES
from cockpit_rhv.messages import msg

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parents[2]
_MARK = "COCKPIT_RHV_TEST_UNIT"


@dataclass
class PlainLauncher:
    """A process in a session of its own per unit. What systemd knows by cgroup, it knows by a mark in the environment.

    ``environment``: further variables for the runner.
    """

    environment: dict[str, str] = field(default_factory=dict)
    started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def launch(self, unit: str, folder: Path) -> None:
        environment = {
            **os.environ,
            **self.environment,
            "PYTHONPATH": str(folder / "private" / "lib"),
            _MARK: unit,
        }
        with (folder / "private" / "journal").open("ab") as journal:
            self.started[unit] = subprocess.Popen(
                [sys.executable, "-m", "cockpit_rhv.jobs.runner", str(folder)],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=journal,
                stderr=journal,
                start_new_session=True,
                cwd="/",
            )
        # A process shows its environment, by which we know it, a moment later than it exists.
        while not self.processes(unit) and self.started[unit].poll() is None:
            time.sleep(0.01)

    def stop(self, unit: str) -> None:
        process = self.started[unit]
        process.terminate()
        process.wait(timeout=60)
        assert self.processes(unit) == set()

    def kill(self, unit: str) -> None:
        """``kill -9`` of the runner, and what systemd then does to the rest of its cgroup."""
        process = self.started[unit]
        process.kill()
        process.wait()
        while left := self.processes(unit):
            for pid in left:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.02)

    def is_active(self, unit: str) -> bool:
        return bool(self.processes(unit))

    def processes(self, unit: str) -> set[int]:
        """Ids of all processes of the unit, zombies left out."""
        mark = f"{_MARK}={unit}".encode()
        found = set()
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.add(int(entry.name))
            except OSError:  # it ended while we looked, or is a zombie
                continue
        return found

    def wait(self, unit: str, timeout_s: float = 180.0) -> int:
        return self.started[unit].wait(timeout=timeout_s)


@dataclass
class PaperLauncher:
    """Runs nothing: what it was told to launch counts as running until ``running`` says otherwise."""

    running: set[str] = field(default_factory=set)
    launched: list[str] = field(default_factory=list)

    def launch(self, unit: str, _folder: Path) -> None:
        self.launched.append(unit)
        self.running.add(unit)

    def stop(self, unit: str) -> None:
        self.running.discard(unit)

    def is_active(self, unit: str) -> bool:
        return unit in self.running


def ended(store: JobStore, launcher: PaperLauncher, job_id: str, state: str, **changes: Any) -> JobStatus:
    """Let a job that never ran end as ``state``, as its runner would have written it."""
    status = store.stored(job_id)
    launcher.running.discard(status.unit)
    status.state, status.ended_s = state, time.time()
    status.resumable = state in RESUMABLE_STATES
    for name, value in changes.items():
        setattr(status, name, value)
    store.write_status(status)
    return status


def spec(*phases: str, kind: str = "deploy", **more: Any) -> JobSpec:
    """A job of these phases, each expected to take five seconds."""
    return JobSpec(
        kind=kind,
        title=msg("test.title", "A job of the tests"),
        user="tester",
        phases=tuple(PhaseSpec(phase, msg(f"phase.{phase}", phase.capitalize()), 5.0) for phase in phases),
        profile=more.pop("profile", "tiny"),
        **more,
    )


def playbooks(folder: Path, tasks: Mapping[str, list[dict[str, Any]]]) -> Path:
    """Write ``<phase>.yml`` with these tasks; JSON is YAML."""
    folder.mkdir(parents=True, exist_ok=True)
    for phase, list_of_tasks in tasks.items():
        play = {"name": phase, "hosts": "localhost", "tasks": list_of_tasks}
        (folder / f"{phase}.yml").write_text(json.dumps([play]))
    return folder


def plugins(folder: Path, modules: Mapping[str, str]) -> Path:
    """Write modules of these names; ``body`` is Python, and what it leaves in ``result`` is the module's answer."""
    (folder / "modules").mkdir(parents=True, exist_ok=True)
    for name, body in modules.items():
        (folder / "modules" / f"{name}.py").write_text(_MODULE.replace("BODY", body.replace("\n", "\n    ")))
    return folder


def actions(folder: Path, bodies: Mapping[str, str]) -> Path:
    """The same as actions, which run inside Ansible's worker as the deployment's do."""
    (folder / "action").mkdir(parents=True, exist_ok=True)
    for name, body in bodies.items():
        (folder / "action" / f"{name}.py").write_text(_ACTION.replace("BODY", body.replace("\n", "\n        ")))
    return folder


_ACTION = """\
from ansible.plugins.action import ActionBase


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        given = self._task.args.get("given")
        result = {}
        BODY
        return result
"""
_MODULE = """\
from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule(argument_spec={"given": {"type": "raw"}})
    given = module.params["given"]
    result = {}
    BODY
    if result.get("failed"):
        module.fail_json(**{"msg": "failed", **result})
    module.exit_json(**result)


main()
"""


def wait_for(condition: Callable[[], Any], timeout_s: float = 120.0) -> Any:
    """Return the first true value of ``condition``; fails when none comes in time."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError("what was waited for did not happen")


def journal(store: JobStore, job_id: str) -> str:
    """What the runner wrote to the journal."""
    return (store.folder(job_id) / "private" / "journal").read_text()
