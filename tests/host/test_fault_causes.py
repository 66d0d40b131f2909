# SPDX-License-Identifier: Apache-2.0
"""Further rows of the table of known causes (deploy/causes.py), each provoked for real."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.host.deployment import Deployment, cleanup
from tests.host.hoststate import changes, host_state
from tests.testhost.newer import build_dead
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testhost.host import TestHost

pytestmark = [pytest.mark.host, pytest.mark.timeout(600)]

DEAD = "/srv/dead-image"
MIB = 2**20
_UNITS = "/usr/lib/systemd/system"
_LIBVIRTD = ("libvirtd.service", "libvirtd.socket", "libvirtd-ro.socket", "libvirtd-admin.socket")


def failed(deployment: Deployment) -> tuple[str, str]:
    """Code and cause of a job that is about to fail."""
    deployment.until_ended("failed")
    error = deployment.explained()
    return error["code"], error["cause"]["id"]


def test_paused_destroyed_and_a_taken_port(faulty: TestHost) -> None:
    before = host_state(faulty)
    box = faulty.container
    deployment = Deployment(faulty).start()
    deployment.until_phase("engine")

    box.run("virsh", "suspend", "HostedEngine")
    assert failed(deployment) == ("engine.stopped", "cause.vm.paused")
    box.run("virsh", "resume", "HostedEngine")
    deployment.resume()
    until("the wait goes on", lambda: deployment.status["progress"], bool, limit_s=30)

    box.run("virsh", "destroy", "HostedEngine")
    assert failed(deployment) == ("engine.stopped", "cause.vm.destroyed")
    server = box.popen("python3", "-m", "http.server", "54321", "--bind", "127.0.0.1")
    try:
        deployment.resume()
        code, cause = failed(deployment)
        assert (code, cause) == ("agent.failed", "cause.agent.port")
        assert deployment.status["error"]["cause"]["params"]["process"].startswith("python3")
    finally:
        box.run("pkill", "-f", "http.server 54321")
        server.wait()
    deployment.resume()
    deployment.until_ended("succeeded")
    cleanup(faulty, "engine.rhv.test")
    assert changes(before, host_state(faulty)) == []


@pytest.fixture
def dead_image(faulty: TestHost) -> Iterator[str]:
    """An image whose system never comes up."""
    build_dead(faulty.container.root / DEAD.lstrip("/"))
    yield f"{DEAD}/rhv-engine.qcow2"
    faulty.container.run("rm", "-r", DEAD)


def test_a_system_that_never_comes_up(faulty: TestHost, dead_image: str) -> None:
    before = host_state(faulty)
    deployment = Deployment(faulty, {"image.path": dead_image, "engine.patience_s": 30}).start()
    assert failed(deployment) == ("engine.silent", "cause.silent.boot")
    # Another image is another answer: the VM is made anew.
    deployment.resume(
        "--set", "image.path=/usr/share/cockpit-rhv/appliance/rhv-engine.qcow2", "--set", "engine.patience_s=600"
    )
    deployment.until_ended("succeeded")
    cleanup(faulty, "engine.rhv.test")
    assert changes(before, host_state(faulty)) == []


@contextmanager
def no_memory_for_guests(host: TestHost) -> Iterator[None]:
    """libvirt's QEMU processes may have hardly more memory than itself."""
    box = host.container
    box.run("virsh", "version")  # so that its daemon runs
    pid = box.run("pgrep", "-x", "libvirtd").stdout.strip()
    used = int(box.run("ps", "-o", "vsz=", "-p", pid).stdout) * 1024
    box.run("prlimit", "--pid", pid, f"--as={used + 128 * MIB}:")
    try:
        yield
    finally:
        box.run("prlimit", "--pid", pid, "--as=unlimited:")


@contextmanager
def hung_libvirt(host: TestHost) -> Iterator[None]:
    """The daemon has its socket, and answers nobody."""
    host.container.run("virsh", "version")
    host.container.run("pkill", "-STOP", "-x", "libvirtd")
    try:
        yield
    finally:
        host.container.run("pkill", "-CONT", "-x", "libvirtd")


@contextmanager
def no_libvirt(host: TestHost) -> Iterator[None]:
    """As after a purge of libvirt-daemon-system, which has the units; the programs are in another package."""
    box = host.container
    box.run("systemctl", "stop", *_LIBVIRTD)
    # systemd makes a unit of an init script, too.
    box.run("sh", "-c", f"mkdir /srv/units && mv {_UNITS}/libvirtd* /srv/units && mv /etc/init.d/libvirtd /srv")
    box.run("systemctl", "daemon-reload")
    try:
        yield
    finally:
        box.run("sh", "-c", f"mv /srv/units/* {_UNITS} && rmdir /srv/units && mv /srv/libvirtd /etc/init.d")
        box.run("systemctl", "daemon-reload")
        box.run("systemctl", "start", *_LIBVIRTD[1:])


def test_what_libvirt_and_qemu_do_to_a_start(faulty: TestHost) -> None:
    before = host_state(faulty)
    box = faulty.container
    deployment = Deployment(faulty).start()
    deployment.until_phase("engine")
    until("the wait goes on", lambda: deployment.status["progress"], bool, limit_s=30)
    with no_memory_for_guests(faulty):
        with deployment.held():
            box.run("virsh", "destroy", "HostedEngine")
            assert box.run("virsh", "start", "HostedEngine", check=False).returncode != 0
        assert failed(deployment) == ("engine.stopped", "cause.vm.failed")
        deployment.resume()
        assert failed(deployment) == ("machine.qemu_failed", "cause.vm.start")

    with hung_libvirt(faulty):
        deployment.resume()
        deployment.until_ended("failed", limit_s=60)
        error = deployment.explained()
        assert (error["code"], error["cause"]["id"]) == ("libvirt.silent", "cause.libvirt.hangs")
        # Whoever wants to clean up instead is not kept waiting either.
        began = time.monotonic()
        told = box.run("cockpit-rhv", "cleanup", "--yes", check=False, limit_s=60)
        assert time.monotonic() - began < 30
        assert told.returncode != 0
        assert "libvirt did not answer" in told.stderr

    with no_libvirt(faulty):
        deployment.resume()
        assert failed(deployment) == ("libvirt.unreachable", "cause.libvirt.missing")

    # It crashes while it starts the VM.
    crash = "until pgrep -f 'guest=HostedEngine[,]' > /dev/null; do :; done; pkill -9 -x libvirtd"
    crashing = box.popen("timeout", "60", "sh", "-c", crash)
    deployment.resume()
    assert failed(deployment) == ("libvirt.unreachable", "cause.libvirt.restarted")
    assert crashing.wait() == 0

    deployment.resume()
    until("the wait goes on", lambda: deployment.status["progress"], bool, limit_s=30)
    # As after a restart of the host that the job outlived: libvirt does not know how the VM ended.
    with deployment.held():
        box.run("virsh", "destroy", "HostedEngine")
        box.run("systemctl", "restart", "libvirtd.service")
    assert failed(deployment) == ("engine.stopped", "cause.vm.off")
    cleanup(faulty)
    assert changes(before, host_state(faulty)) == []
