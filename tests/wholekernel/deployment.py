# SPDX-License-Identifier: Apache-2.0
"""The engine's deployment in a guest, with the machine of 512 bytes for its image: as far as a VM that runs.

The Manager that the phase *engine* waits for never comes; whoever has seen enough stops the job.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.waiting import until
from tests.wholekernel import bootguest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.wholekernel.guest import Guest

NAME, POOL = "HostedEngine", "rhv-HostedEngine"
SERVER, EXPORT = "server.wk.test", "/srv/nfs/good"
SERIAL_LOG = f"/var/log/libvirt/qemu/{NAME}-serial0.log"
_PASSWORD = "correct-horse-9"
_IMAGE = "/var/tmp/wk-image/engine.qcow2"
_MAKE = """
set -eu
mkdir -p /var/tmp/wk-image && cd /var/tmp/wk-image
cat > boot.raw && truncate -s 1M boot.raw
qemu-img convert -q -f raw -O qcow2 boot.raw engine.qcow2 && rm boot.raw
sha256sum engine.qcow2 > engine.qcow2.sha256
echo '{"version": "0.1.0"}' > engine.json
"""
ENDED = ("succeeded", "failed", "cancelled", "interrupted")


@contextmanager
def prepared(host: Guest) -> Iterator[None]:
    """The image lies there, until the end."""
    host.run(_MAKE, input=bootguest.SECTOR)
    try:
        yield
    finally:
        host.run("rm -r /var/tmp/wk-image")


def _words(changes: dict[str, Any]) -> list[str]:
    answers = {
        "engine.fqdn": "engine.wk.test",
        "engine.vcpus": 1,
        "engine.memory_mib": 768,
        "engine.disk_gib": 4,
        "image.path": _IMAGE,
        "storage.kind": "nfs",
        "storage.server": SERVER,
        "storage.export": EXPORT,
        "accept.emulation": "true",
        **changes,
    }
    return [word for path, value in answers.items() for word in ("--set", f"{path}={value}")]


def refused(host: Guest, **changes: Any) -> str:
    """What ``cockpit-rhv deploy`` says when its preflight finds an error; no job is begun."""
    jobs = host.run("cockpit-rhv", "jobs").stdout
    words = ["cockpit-rhv", "deploy", "--admin-password-stdin", "--detach", *_words(_dotted(changes))]
    done = host.run(*words, check=False, input=_PASSWORD, limit_s=300)
    assert done.returncode == 3, done
    assert host.run("cockpit-rhv", "jobs").stdout == jobs
    return done.stdout + done.stderr


def deploy(host: Guest, **changes: Any) -> str:
    """The id of a deployment that has begun. ``changes``: answers, with __ for the dot."""
    words = ["cockpit-rhv", "deploy", "--admin-password-stdin", "--detach", *_words(_dotted(changes))]
    return host.run(*words, input=_PASSWORD, limit_s=300).stdout.split()[-1]


def _dotted(changes: dict[str, Any]) -> dict[str, Any]:
    return {name.replace("__", "."): value for name, value in changes.items()}


def status(host: Guest, job: str) -> dict[str, Any]:
    """The job's own word."""
    read: dict[str, Any] = json.loads(host.run(f"cat /var/lib/cockpit-rhv/jobs/{job}/status.json").stdout)
    return read


def until_ended(host: Guest, job: str, limit_s: float = 180) -> dict[str, Any]:
    """The status of a job that has come to its end, whichever."""
    return until("the job's end", lambda: status(host, job), lambda now: now["state"] in ENDED, limit_s, every_s=0.5)


def until_booted(host: Guest, job: str, times: int, limit_s: float = 120) -> None:
    """Wait until the engine's machine has booted so often and written to its disk each time."""

    def looks() -> tuple[str, str]:
        now = status(host, job)
        assert now["state"] not in ENDED, now["error"]
        return host.run(f"tr -cd '?!' < {SERIAL_LOG}", check=False).stdout, now["phase"]

    until(f"boot {times}", looks, lambda seen: seen == ("!" * times, "engine"), limit_s, every_s=0.5)


def clean_up(host: Guest) -> None:
    """``cockpit-rhv cleanup``, to its end."""
    host.run("cockpit-rhv", "cleanup", "--yes", limit_s=300)
