# SPDX-License-Identifier: Apache-2.0
"""A deployment on a test host as a test of faults drives it: start, watch, kill, resume, clean up."""

from __future__ import annotations

import json
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.deploy import ssh_key
from tests.conftest import ADMIN_PASSWORD
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.testhost.host import TestHost

PHASES = ("preflight", "storage", "image", "vm", "engine", "host", "finish")
ENDED = ("succeeded", "failed", "cancelled", "interrupted")
#: A whole deployment takes half a minute on a quiet machine.
DEPLOY_S = 240


@dataclass
class Deployment:
    """One job and what it runs on. ``settings``: ``path=value`` for the CLI."""

    host: TestHost
    settings: Mapping[str, Any] = field(default_factory=dict)
    job: str = ""

    def start(self) -> Deployment:
        """Start it detached; returns when the job runs."""
        self.job = self.host.container.run(*self.argv(), input=ADMIN_PASSWORD).stdout.split()[-1]
        return self

    def argv(self) -> list[str]:
        """The command; the password goes to its stdin."""
        given = {"accept.emulation": "true", **self.settings}
        settings = [part for path, value in given.items() for part in ("--set", f"{path}={value}")]
        return ["cockpit-rhv", "deploy", "--admin-password-stdin", "--detach", *settings]

    @staticmethod
    def popen_start(command: list[str]) -> subprocess.Popen[str]:
        """Start it without waiting for the answer."""
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdin is not None
        process.stdin.write(ADMIN_PASSWORD)
        process.stdin.flush()
        return process

    # -- looking ---------------------------------------------------------------------------------------------------

    @property
    def folder(self) -> Path:
        return self.host.container.root / "var/lib/cockpit-rhv/jobs" / self.job

    @property
    def status(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads((self.folder / "status.json").read_text())
        return read

    @property
    def runner_pid(self) -> int:
        """Inside the container; 0 when none runs."""
        unit = f"cockpit-rhv-job-{self.job}.service"
        shown = self.host.container.run("systemctl", "show", "--value", "-p", "MainPID", unit)
        return int(shown.stdout)

    def until_phase(self, phase: str, limit_s: float = 120) -> dict[str, Any]:
        """Wait until the phase runs or is done."""
        order = PHASES.index(phase)

        def reached(status: dict[str, Any]) -> bool:
            assert status["state"] not in ENDED or status["phases"][order]["state"] == "done", status["error"]
            return bool(status["phases"][order]["state"] in ("running", "done"))

        with self.seen_when_late():
            return until(f"phase {phase}", lambda: self.status, reached, limit_s, every_s=0.02)

    def until_ended(self, state: str, limit_s: float = DEPLOY_S) -> dict[str, Any]:
        """Wait until it has ended, and see that it ended so."""
        with self.seen_when_late():
            status = until("the job's end", lambda: self.status, lambda now: now["state"] in ENDED, limit_s)
        assert status["state"] == state, (status["error"], self.tail())
        return status

    @contextmanager
    def seen_when_late(self) -> Iterator[None]:
        """To a wait that was in vain: what the engine VM does and said last. Its log is gone with the cleanup."""
        try:
            yield
        except AssertionError as error:
            run = self.host.container.run
            looks = [
                ("virsh", "domstate", "--reason", "HostedEngine"),
                # Twice: a processor that stands still is told from a busy one.
                ("virsh", "domstats", "--vcpu", "--state", "HostedEngine"),
                ("virsh", "qemu-monitor-command", "HostedEngine", "--hmp", "info registers -a"),
                ("virsh", "domstats", "--vcpu", "--state", "HostedEngine"),
                ("virsh", "qemu-monitor-command", "HostedEngine", "--hmp", "info registers -a"),
                ("ls", "-l", "/var/lib/libvirt/qemu", "/var/log/libvirt/qemu"),
                ("tail", "-c", "3000", "/var/log/libvirt/qemu/HostedEngine-serial0.log"),
            ]
            shown = [f"$ {' '.join(look)}\n{run(*look, check=False).stdout[:3000]}" for look in looks]
            load = Path("/proc/loadavg").read_text().strip()
            raise AssertionError("\n".join([str(error), f"load {load}", *shown])) from error

    def tail(self) -> str:
        """What Ansible said last."""
        outputs = sorted((self.folder / "private/artifacts").glob("*/stdout"))
        return outputs[-1].read_text()[-2000:] if outputs else ""

    @property
    def contacts(self) -> list[list[str]]:
        """Its addresses, for each time the Manager in the engine VM has said who it is."""
        path = self.host.container.root / "var/lib/libvirt/qemu/HostedEngine.first-contact"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line)["addresses"] for line in lines if line.endswith("}")]

    @property
    def address(self) -> str:
        """Where the engine VM says it is; "" before it has said so."""
        contacts = self.contacts
        return str(contacts[-1][0]) if contacts and contacts[-1] else ""

    # -- doing -----------------------------------------------------------------------------------------------------

    def ssh(self, command: str) -> str:
        """Output of a command that root runs in the engine VM, by the key of ``ssh_key()``."""
        options = ["StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR", "ConnectTimeout=10"]
        argv = ["ssh", "-i", str(ssh_key()), *[part for option in options for part in ("-o", option)]]
        argv += [f"root@{self.address}", command]
        return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=90).stdout

    def kill_runner(self) -> None:
        """``kill -9`` of the job's process; then wait until its status says so."""
        pid = self.runner_pid
        if pid:
            self.host.container.run("kill", "-9", str(pid), check=False)
        until("the status tells", lambda: self.status["state"], lambda state: state != "running", limit_s=30)

    @contextmanager
    def held(self) -> Iterator[None]:
        """The job's processes stand still: what happens meanwhile they see all at once."""
        unit = f"cockpit-rhv-job-{self.job}.service"
        self.host.container.run("systemctl", "kill", "--signal=STOP", unit)
        try:
            yield
        finally:
            self.host.container.run("systemctl", "kill", "--signal=CONT", unit)

    def resume(self, *options: str, input: str | None = None) -> None:
        """Resume it, detached."""
        self.host.container.run("cockpit-rhv", "resume", self.job, "--detach", *options, input=input)

    def explained(self) -> dict[str, Any]:
        """The error of a job that ended badly: with a sentence, and with a cause."""
        error: dict[str, Any] = self.status["error"]
        assert error["message"]["text"]
        assert error.get("cause"), error
        return error


def cleanup(host: TestHost, engine: str | None = None) -> subprocess.CompletedProcess[str]:
    """Remove whatever a deployment left."""
    confirmed = ["--engine", engine] if engine else []
    return host.container.run("cockpit-rhv", "cleanup", "--yes", *confirmed)


def leave_nothing(host: TestHost) -> None:
    """After a test that failed half way; where all went well there is nothing to do."""
    host.container.run("systemctl", "start", "libvirtd.socket", check=False)
    host.container.run("cockpit-rhv", "cancel", check=False)
    host.container.run("cockpit-rhv", "cleanup", "--yes", "--engine", "engine.rhv.test", check=False)
