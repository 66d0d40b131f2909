# SPDX-License-Identifier: Apache-2.0
"""A deployment killed at random moments again and again still completes, and leaves nothing when it is removed."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from tests.host.deployment import ENDED, Deployment, cleanup, leave_nothing
from tests.host.hoststate import changes, host_state
from tests.host.secretswatch import SecretsWatch

if TYPE_CHECKING:
    from tests.testhost.host import TestHost

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

KILLS = 25
#: Mostly shorter than a phase, now and then longer than the first boot takes.
PAUSES_S = (0.1, 3.0)
LONG_S = 30.0
VICTIMS = ("runner", "runner", "runner", "playbook", "qemu", "libvirt")


@pytest.mark.parametrize("seed", [1, 2])
def test_the_storm(faulty: TestHost, seed: int) -> None:
    chance = random.Random(seed)  # the same storm each time
    leave_nothing(faulty)  # a run that was broken off
    before = host_state(faulty)
    told: list[str] = []
    completed = 0
    with SecretsWatch(faulty) as watch:
        deployment = Deployment(faulty).start()
        # To the end of the deployment that the last kill hit.
        while len(told) < KILLS or deployment.status["state"] != "succeeded":
            if len(told) < KILLS:
                time.sleep(LONG_S if len(told) % 9 == 8 else chance.uniform(*PAUSES_S))
                victim = chance.choice(VICTIMS)
                if deployment.status["state"] == "running":
                    told.append(f"attempt {deployment.status['attempt']}, {deployment.status['phase']}: {victim}")
                    strike(deployment, victim)
            else:
                time.sleep(1)
            state = deployment.status["state"]
            if state == "succeeded":
                completed += 1
                if len(told) < KILLS:
                    cleanup(faulty, "engine.rhv.test")
                    assert changes(before, host_state(faulty)) == []
                    deployment = Deployment(faulty).start()
            elif state in ENDED:
                assert deployment.status["error"] is None or deployment.explained()
                deployment.resume()
    print("\n".join([*told, f"completed {completed} times"]))
    assert watch.found == []
    cleanup(faulty, "engine.rhv.test")
    assert changes(before, host_state(faulty)) == []


def strike(deployment: Deployment, victim: str) -> None:
    """``kill -9`` of one of the processes the deployment depends on."""
    box = deployment.host.container
    if victim == "runner":
        deployment.kill_runner()
    elif victim == "playbook":
        box.run("pkill", "-9", "-f", "ansible-playbook", check=False)
        time.sleep(2)
    elif victim == "qemu":
        box.run("pkill", "-9", "-f", "guest=HostedEngine", check=False)
        time.sleep(3)
    else:
        box.run("pkill", "-9", "-x", "libvirtd", check=False)
