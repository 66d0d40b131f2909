# SPDX-License-Identifier: Apache-2.0
"""``kill -9`` of the job in each phase, its helper and its package meanwhile; then everything as it was before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.host.deployment import PHASES, Deployment, cleanup
from tests.host.hoststate import changes, host_state
from tests.host.secretswatch import SecretsWatch

if TYPE_CHECKING:
    from tests.testhost.host import TestHost

pytestmark = [pytest.mark.host, pytest.mark.timeout(600)]


def test_killed_in_each_phase_and_resumed_it_completes_and_leaves_nothing(faulty: TestHost) -> None:
    before = host_state(faulty)
    with SecretsWatch(faulty) as watch:
        deployment = Deployment(faulty).start()
        attempts = 1
        for phase in PHASES:
            deployment.until_phase(phase)
            if deployment.status["phases"][PHASES.index(phase)]["state"] == "done":
                continue  # too quick to be hit; the storm hits it now and then
            deployment.kill_runner()
            status = deployment.status
            assert status["state"] == "interrupted"
            assert deployment.explained()["cause"]["id"] == "job.cause.killed"
            assert status["resumable"]
            # Needs no password: what a resume needs is kept as hashes.
            deployment.resume()
            attempts += 1
        done = deployment.until_ended("succeeded")
    assert attempts > len(PHASES) // 2
    assert done["attempt"] == attempts
    assert watch.found == []
    assert faulty.container.run("cockpit-rhv", "status").stdout.startswith("An engine is deployed")
    refused = faulty.container.run("cockpit-rhv", "cleanup", "--yes", check=False)
    assert "cleanup.unconfirmed" in refused.stderr
    cleanup(faulty, "engine.rhv.test")
    assert changes(before, host_state(faulty)) == []


@pytest.mark.parametrize("phase", ["image", "engine"])
def test_a_half_done_deployment_is_removed_without_a_trace(faulty: TestHost, phase: str) -> None:
    before = host_state(faulty)
    deployment = Deployment(faulty, {"storage.path": "/srv/engine/disks"}).start()
    deployment.until_phase(phase)
    deployment.kill_runner()
    listed = faulty.container.run("cockpit-rhv", "cleanup", "--dry-run").stdout
    assert "/srv/engine/disks" in listed
    cleanup(faulty)
    assert changes(before, host_state(faulty)) == []
    assert not deployment.status["resumable"]
    again = faulty.container.run("cockpit-rhv", "cleanup", "--yes")
    assert "nothing to remove" in again.stdout


def test_two_deployments_in_the_same_second(faulty: TestHost) -> None:
    first, second = Deployment(faulty), Deployment(faulty)
    command = faulty.container.command(*first.argv())
    running = [first.popen_start(command), second.popen_start(command)]
    outcomes = [process.communicate(timeout=60) for process in running]
    codes = sorted(process.returncode for process in running)
    assert codes[0] == 0, outcomes
    assert codes[1] != 0, outcomes
    (winner,) = [out.split()[-1] for (out, _), process in zip(outcomes, running) if process.returncode == 0]
    (refusal,) = [err for (_, err), process in zip(outcomes, running) if process.returncode != 0]
    assert winner in refusal
    faulty.container.run("cockpit-rhv", "cancel", winner)
    cleanup(faulty)
