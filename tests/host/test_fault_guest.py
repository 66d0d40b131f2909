# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with the engine VM itself: its kernel panics, its memory runs out, nobody reaches its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.bench.deploy import ssh_key
from tests.host.deployment import Deployment, cleanup
from tests.host.hoststate import changes, host_state
from tests.testhost import cgroups
from tests.testhost.newer import build_panicking
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testhost.host import TestHost

pytestmark = [pytest.mark.host, pytest.mark.timeout(600)]

PANICKING = "/srv/panicking-image"
SERIAL = "/var/log/libvirt/qemu/HostedEngine-serial0.log"
IMAGE = "/usr/share/cockpit-rhv/appliance/rhv-engine.qcow2"


def stopped(deployment: Deployment, limit_s: float = 240) -> tuple[str, str]:
    """Code and cause of a job whose engine VM is about to stop."""
    deployment.until_ended("failed", limit_s)
    error = deployment.explained()
    # The hint speaks of the console's log, and of resuming.
    assert error["hint"]["id"] == "engine.stopped.hint"
    return error["code"], error["cause"]["id"]


@pytest.fixture
def panicking_image(faulty: TestHost) -> Iterator[str]:
    """An image whose kernel panics."""
    build_panicking(faulty.container.root / PANICKING.lstrip("/"))
    yield f"{PANICKING}/rhv-engine.qcow2"
    faulty.container.run("rm", "-r", PANICKING)


def test_a_kernel_that_panics_is_told_at_once_and_later_restarts_by_itself(
    faulty: TestHost, panicking_image: str
) -> None:
    before = host_state(faulty)
    box = faulty.container
    settings = {"image.path": panicking_image, "engine.root_ssh_key": ssh_key().with_suffix(".pub").read_text().strip()}
    deployment = Deployment(faulty, settings).start()
    assert stopped(deployment) == ("engine.stopped", "cause.vm.panic")
    assert "Kernel panic" in deployment.status["error"]["detail"]
    # It stands still, so that it can be looked at; resume starts it again, as the hint says.
    assert box.run("virsh", "domstate", "--reason", "HostedEngine").stdout.strip() == "crashed (panicked)"
    deployment.resume()
    assert stopped(deployment) == ("engine.stopped", "cause.vm.panic")
    serial = (box.root / SERIAL.lstrip("/")).read_text(errors="replace")
    assert serial.count("] Kernel panic - ") == 2, serial[-2000:]

    deployment.resume("--set", f"image.path={IMAGE}")
    deployment.until_ended("succeeded")
    # An engine in use comes back by itself; libvirt remembers from what.
    deployment.ssh("(sleep 1; echo c > /proc/sysrq-trigger) > /dev/null 2>&1 &")
    state = ("virsh", "domstate", "--reason", "HostedEngine")
    until("it runs again", lambda: box.run(*state).stdout.strip(), lambda said: said == "running (crashed)")
    cleanup(faulty, "engine.rhv.test")
    assert changes(before, host_state(faulty)) == []


def test_the_kernel_takes_its_memory_back(faulty: TestHost) -> None:
    before = host_state(faulty)
    box = faulty.container
    deployment = Deployment(faulty).start()
    deployment.until_phase("engine")
    qemu = box.outer_pid(int(box.run("pgrep", "-f", "guest=HostedEngine").stdout))
    with cgroups.little_memory(f"rhv-{box.name}-little", qemu, 32) as killed:
        assert stopped(deployment, limit_s=60) == ("engine.stopped", "cause.vm.crashed")
        assert killed()
    deployment.resume()
    until("the wait goes on", lambda: deployment.status["progress"], bool, limit_s=30)
    box.run("cockpit-rhv", "cancel", deployment.job)
    cleanup(faulty)
    assert changes(before, host_state(faulty)) == []


@pytest.fixture
def unreachable(faulty: TestHost) -> Iterator[None]:
    """This host's packets to any Manager are dropped."""
    rules = "table inet rhvtest { chain output { type filter hook output priority 0; tcp dport 443 drop; }; }"
    faulty.container.run("nft", rules)
    yield
    faulty.container.run("nft", "delete table inet rhvtest", check=False)


def test_a_manager_that_nobody_reaches_and_somebody_shuts_down(
    faulty: TestHost, request: pytest.FixtureRequest
) -> None:
    before = host_state(faulty)
    request.getfixturevalue("unreachable")
    deployment = Deployment(faulty).start()
    address = until("the Manager's first word", lambda: deployment.address, bool, limit_s=240)
    # Now that it runs there is no need to be patient.
    faulty.container.run("cockpit-rhv", "cancel", deployment.job)
    deployment.resume("--set", "engine.patience_s=30")
    deployment.until_ended("failed", limit_s=60)
    error = deployment.explained()
    assert (error["code"], error["cause"]["id"]) == ("engine.silent", "cause.silent.unreachable")
    assert error["cause"]["params"]["address"] == address
    assert error["hint"]["id"] == "engine.silent.hint"

    # Meanwhile somebody shuts it down, as the list of guests lets him.
    deployment.resume("--set", "engine.patience_s=600")
    until("the wait goes on", lambda: deployment.status["progress"], bool, limit_s=30)
    faulty.container.run("virsh", "shutdown", "HostedEngine")
    assert stopped(deployment, limit_s=60) == ("engine.stopped", "cause.vm.shutdown")

    faulty.container.run("nft", "delete table inet rhvtest")
    deployment.resume()
    deployment.until_ended("succeeded")
    cleanup(faulty, "engine.rhv.test")
    assert changes(before, host_state(faulty)) == []
