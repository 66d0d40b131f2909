# SPDX-License-Identifier: Apache-2.0
"""The engine VM's process, libvirt, the Manager in it and the whole host die while a deployment waits for them."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.bench.deploy import ssh_key
from tests.host.deployment import Deployment, cleanup
from tests.host.hoststate import changes, host_state
from tests.waiting import until

if TYPE_CHECKING:
    from tests.testhost.host import TestHost

pytestmark = [pytest.mark.host, pytest.mark.timeout(600)]


def kill(host: TestHost, pattern: str) -> None:
    """``kill -9`` of every process whose command line has this."""
    host.container.run("pkill", "-9", "-f", pattern)


def mend(host: TestHost, remedy: dict[str, Any]) -> None:
    """Press the button: the helper's own way to start a host task, and wait for its end."""
    start = (
        "import json, sys; from cockpit_rhv.checks.remedies import start_task; "
        "remedy = json.load(sys.stdin); print(start_task(remedy['task'], remedy['params'], 'root'))"
    )
    job = host.container.run("python3", "-c", start, input=json.dumps(remedy)).stdout.strip()
    assert host.container.run("cockpit-rhv", "attach", job, check=False).returncode == 0


def test_libvirt_then_qemu_then_the_manager_die_and_each_time_it_goes_on(faulty: TestHost) -> None:
    before = host_state(faulty)
    key = ssh_key().with_suffix(".pub").read_text().strip()
    deployment = Deployment(faulty, {"engine.root_ssh_key": key}).start()
    deployment.until_phase("engine")

    # One that is restarted is waited for.
    kill(faulty, "/usr/sbin/libvirtd")
    time.sleep(5)
    assert deployment.status["state"] == "running", deployment.status["error"]

    # One that stays away is not, and the remedy brings it back. The VM stands still, or it might be done before.
    faulty.container.run("pkill", "-STOP", "-f", "guest=HostedEngine")
    units = ("libvirtd.socket", "libvirtd-ro.socket", "libvirtd-admin.socket", "libvirtd.service")
    faulty.container.run("systemctl", "stop", *units)
    deployment.until_ended("failed", limit_s=45)
    error = deployment.explained()
    assert (error["code"], error["cause"]["id"]) == ("libvirt.unreachable", "cause.libvirt.stopped")
    faulty.container.run("pkill", "-CONT", "-f", "guest=HostedEngine")
    mend(faulty, error["remedy"])
    deployment.resume()
    until("the wait goes on", lambda: deployment.status["progress"], bool, limit_s=30)

    kill(faulty, "guest=HostedEngine")
    status = until("its end", lambda: deployment.status, lambda now: now["state"] != "running", limit_s=15)
    assert status["state"] == "failed"
    error = deployment.explained()
    assert (error["code"], error["cause"]["id"]) == ("engine.stopped", "cause.vm.crashed")
    deployment.resume()

    until("the Manager's first word", lambda: deployment.address, bool, limit_s=120)
    deployment.ssh("pkill -9 -u rhv-engine || true")
    deployment.until_ended("succeeded")
    cleanup(faulty, "engine.rhv.test")
    assert changes(before, host_state(faulty)) == []


def test_the_host_loses_power_in_the_middle(faulty: TestHost) -> None:
    before = host_state(faulty)
    deployment = Deployment(faulty).start()
    deployment.until_phase("engine")
    faulty.container.power_cut()
    faulty.container.boot()
    listed = faulty.container.run("cockpit-rhv", "jobs").stdout
    assert f"{deployment.job}  interrupted" in listed
    assert deployment.status["state"] == "interrupted"
    assert deployment.status["error"]["code"] in ("job.interrupted", "job.host_stopped")
    deployment.resume()
    deployment.until_ended("succeeded")
    cleanup(faulty, "engine.rhv.test")
    assert changes(before, host_state(faulty)) == []


def test_cancelled_it_stops_at_once_and_says_what_there_is(faulty: TestHost) -> None:
    before = host_state(faulty)
    deployment = Deployment(faulty).start()
    deployment.until_phase("engine")
    said = faulty.container.run("cockpit-rhv", "cancel", deployment.job)
    assert deployment.status["state"] == "cancelled"
    assert deployment.runner_pid == 0
    left = faulty.container.run("pgrep", "-fa", "ansible-playbook|cockpit_rhv.jobs.runner", check=False).stdout
    assert left == ""
    assert "HostedEngine" in said.stdout
    deployment.resume()
    deployment.until_phase("engine")
    faulty.container.run("cockpit-rhv", "cancel", deployment.job)
    cleanup(faulty)
    assert changes(before, host_state(faulty)) == []
