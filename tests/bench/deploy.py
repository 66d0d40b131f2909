# SPDX-License-Identifier: Apache-2.0
"""What a deployment costs over its floor, how long the engine boots and how much memory it takes.

Floor and deployment alternate, each on a host whose writable layer is new, with the image in the page cache.
"""

from __future__ import annotations

import json
import statistics
import subprocess
from typing import TYPE_CHECKING, Any

from tests.testhost.build import appliance, host_deb
from tests.testhost.host import BRIDGE, TestHost
from tests.testhost.network import Network
from tests.testhost.root import BUILD
from tests.testhost.steps import TOP

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.report import Report

ROUNDS = 3
PASSWORD = "bench passphrase"


def new_host() -> TestHost:
    """A host with nothing on it but our package; the one before is removed."""
    host = TestHost("bench", "trixie", Network("rhvbench0", "10.75.0.0/24"))
    host.down()
    host.up(host_deb())
    appliance().read_bytes()  # into the page cache, for floor and deployment alike
    return host


def ssh_key() -> Path:
    """A key pair of the bench's own, to look into the engine VM."""
    key = BUILD / "bench" / "key"
    if not key.exists():
        key.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    return key


def answers(host: TestHost) -> dict[str, Any]:
    """A complete document: a fixed address, so that the floor knows where to ask."""
    return {
        "version": 1,
        "profile": "embedded",
        "engine": {
            "fqdn": "engine.rhv.test", "name": "HostedEngine", "vcpus": 1, "memory_mib": 1024, "disk_gib": 10,
            "root_ssh_key": ssh_key().with_suffix(".pub").read_text().strip(),
        },
        "network": {
            "kind": "bridge", "name": BRIDGE, "mode": "static", "address": f"{host.network.address(50)}/24",
            "gateway": host.network.address(1), "dns": [host.network.address(1)],
        },
        "storage": {"kind": "directory", "path": "/var/lib/libvirt/images"},
        "image": {"path": "/usr/share/cockpit-rhv/appliance/rhv-engine.qcow2"},
        "accept": {"emulation": True},
    }  # fmt: skip


def floor_once() -> dict[str, float]:
    """Seconds of ``copy_s``, ``boot_s``, ``total_s``."""
    host = new_host()
    host.container.write("/root/answers.json", json.dumps(answers(host)))
    host.container.write("/root/floor.py", (TOP / "tests/bench/floor.py").read_text())
    result: dict[str, float] = json.loads(host.container.run("python3", "/root/floor.py", "/root/answers.json").stdout)
    return result


def deploy_once() -> tuple[TestHost, float, list[tuple[str, float]]]:
    """The host, seconds from the job's acceptance to the host being up, and every task's duration."""
    host = new_host()
    box = host.container
    box.write("/root/answers.json", json.dumps(answers(host)))
    box.run(
        "cockpit-rhv",
        "deploy",
        "--answers",
        "/root/answers.json",
        "--admin-password-stdin",
        input=PASSWORD,
        limit_s=900,
    )
    job = json.loads((box.root / "etc/cockpit-rhv/engine.json").read_text())["job"]
    folder = box.root / "var/lib/cockpit-rhv/jobs" / job
    accepted = json.loads((folder / "status.json").read_text())["created_s"]
    events = [json.loads(line) for line in (folder / "events.ndjson").read_text().splitlines()]
    (up,) = [event["time_s"] for event in events if event["type"] == "phase_ended" and event["phase"] == "host"]
    tasks = [(event["task"], event["duration_s"]) for event in events if event["type"] == "task_ended"]
    return host, up - accepted, tasks


def engine_rss_mb(host: TestHost) -> float:
    """Resident memory of all of the Manager's processes, read inside the engine VM."""
    output = subprocess.run(
        [
            "ssh", "-i", str(ssh_key()), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
            "-o", "LogLevel=ERROR", f"root@{host.network.address(50)}", "ps -o rss= -u rhv-engine",
        ],
        capture_output=True, text=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    return sum(int(line) for line in output.split()) / 1024


def measure(report: Report) -> None:
    """deploy_ratio, deploy_s, floor_s, engine_boot_s, engine_rss_mb, appliance_mb."""
    report.put("appliance_mb", appliance().stat().st_size / 1e6, 1)
    floors: list[dict[str, float]] = []
    deployments: list[float] = []
    tasks: list[tuple[str, float]] = []
    for number in range(ROUNDS):
        floors.append(floor_once())
        print(f"  floor {number + 1}: {floors[-1]}", flush=True)
        host, seconds, tasks = deploy_once()
        deployments.append(seconds)
        print(f"  deployment {number + 1}: {seconds:.1f} s", flush=True)
    report.put("engine_rss_mb", engine_rss_mb(host), 1)
    host.down()
    floor, deployment = statistics.median(one["total_s"] for one in floors), statistics.median(deployments)
    report.put("engine_boot_s", statistics.median(one["boot_s"] for one in floors), 1)
    report.put("floor_s", floor, 1)
    report.put("deploy_s", deployment, 1)
    report.put("deploy_ratio", deployment / floor)
    print("  the five longest tasks of the last deployment:")
    for name, seconds in sorted(tasks, key=lambda task: -task[1])[:5]:
        print(f"    {seconds:6.1f} s  {name}")
