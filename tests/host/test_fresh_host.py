# SPDX-License-Identifier: Apache-2.0
"""What holds on a host on which the package was just installed; runs before anything is deployed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.waiting import until

if TYPE_CHECKING:
    import subprocess

    from tests.testhost.host import TestHost

pytestmark = pytest.mark.host


def deploy(host: TestHost, *settings: str) -> subprocess.CompletedProcess[str]:
    """``cockpit-rhv deploy`` with a good password and the given ``path=value`` settings."""
    argv = ["cockpit-rhv", "deploy", "--admin-password-stdin"]
    for setting in settings:
        argv += ["--set", setting]
    return host.container.run(*argv, input="a good passphrase", check=False)


def nothing_was_changed(host: TestHost) -> None:
    assert host.container.run("virsh", "list", "--all", "--name").stdout.strip() == ""
    assert not (host.container.root / "etc/cockpit-rhv/engine.json").exists()


@pytest.fixture(autouse=True)
def fresh(host: TestHost) -> None:
    """A kept host on which something is deployed cannot show what a fresh one does."""
    if (host.container.root / "etc/cockpit-rhv/engine.json").exists():
        pytest.skip("the host was kept from an earlier run and has an engine already")


def test_the_package_enables_no_agent(host: TestHost) -> None:
    state = host.container.run("systemctl", "is-enabled", "cockpit-rhv-agent.service", check=False).stdout.strip()
    assert state == "disabled"
    conflicts = host.container.run(
        "systemctl", "show", "-p", "Conflicts", "--value", "cockpit-rhv-agent.service"
    ).stdout
    assert "vdsmd.service" in conflicts.split()
    assert host.container.run("systemctl", "--failed", "--no-legend").stdout == ""


def test_status_says_that_nothing_is_deployed(host: TestHost) -> None:
    status: dict[str, Any] = json.loads(host.container.run("cockpit-rhv", "status", "--json", check=False).stdout)
    assert status["state"] == "none"


def test_emulation_must_be_accepted(host: TestHost) -> None:
    if (host.container.root / "proc/cpuinfo").exists() and host.container.run(
        "grep", "-qwE", "vmx|svm", "/proc/cpuinfo", check=False
    ).returncode == 0:
        pytest.skip("this machine has hardware virtualization")
    result = deploy(host)
    assert result.returncode != 0
    assert "hardware virtualization" in result.stdout + result.stderr
    nothing_was_changed(host)


def test_a_taken_port_is_refused_naming_the_process(host: TestHost) -> None:
    server = host.container.popen("python3", "-m", "http.server", "54321", "--bind", "127.0.0.1")
    try:
        until(
            "the port is taken",
            lambda: host.container.run("ss", "-ltn", "sport", "=", ":54321").stdout,
            lambda out: "54321" in out,
        )
        result = deploy(host, "accept.emulation=true")
    finally:
        server.terminate()
        host.container.run("pkill", "-f", "http.server 54321", check=False)
        server.wait()
    assert result.returncode != 0
    assert "54321" in result.stdout + result.stderr
    assert "python3" in result.stdout + result.stderr
    nothing_was_changed(host)


def test_a_running_vdsm_is_refused(host: TestHost) -> None:
    host.container.write("/etc/systemd/system/vdsmd.service", "[Service]\nExecStart=/bin/sleep infinity\n")
    host.container.run("systemctl", "daemon-reload")
    host.container.run("systemctl", "start", "vdsmd.service")
    try:
        result = deploy(host, "accept.emulation=true")
    finally:
        host.container.run("systemctl", "stop", "vdsmd.service")
        host.container.run("rm", "/etc/systemd/system/vdsmd.service")
        host.container.run("systemctl", "daemon-reload")
    assert result.returncode != 0
    assert "vdsm" in result.stdout + result.stderr
    nothing_was_changed(host)


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("engine.fqdn=not a name", "engine.fqdn"),
        ("engine.memory_mib=1", "engine.memory_mib"),
        ("engine.memory_mib=900000", "memory"),
        ("storage.path=relative", "storage.path"),
        ("image.path=/nowhere/engine.qcow2", "/nowhere/engine.qcow2"),
        ("network.name=nosuchbridge", "nosuchbridge"),
        ("colour=blue", "colour"),
    ],
)
def test_bad_answers_are_refused_before_anything_is_changed(host: TestHost, setting: str, named: str) -> None:
    result = deploy(host, "accept.emulation=true", setting)
    assert result.returncode != 0
    assert named in result.stdout + result.stderr
    assert "Traceback" not in result.stdout + result.stderr
    nothing_was_changed(host)


def test_an_ordinary_user_sees_what_is_readable(host: TestHost) -> None:
    """The helper without privileges: facts are shown, an action says what it needs."""
    requests = [
        {"jsonrpc": "2.0", "id": 1, "method": "hello", "params": {"client_version": "test", "language": "en"}},
        {"jsonrpc": "2.0", "id": 2, "method": "subscribe", "params": {"topic": "host"}},
        {"jsonrpc": "2.0", "id": 3, "method": "jobs.cancel", "params": {"job": "20260101-000000-abcd"}},
    ]
    process = host.container.popen("/usr/libexec/cockpit-rhv/helper", user="viewer", stdin=-1, stdout=-1)
    assert process.stdin is not None
    assert process.stdout is not None
    answers: dict[int, dict[str, Any]] = {}
    for request in requests:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        while request["id"] not in answers:
            line = process.stdout.readline()
            assert line, "the helper closed its output"
            message = json.loads(line)
            if "id" in message:
                answers[message["id"]] = message
    process.stdin.close()
    assert process.wait(timeout=5) == 0
    assert answers[1]["result"]["privileged"] is False
    assert answers[2]["result"]["snapshot"]["hostname"] == "host1"
    assert answers[3]["error"]["data"]["code"] == "access.denied"
    assert answers[3]["error"]["data"]["hint"]["text"]
