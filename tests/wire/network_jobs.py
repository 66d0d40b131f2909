# SPDX-License-Identifier: Apache-2.0
"""Changes of a real NetworkManager's networks as programs that tests hold, answer, end and kill."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.waiting import until
from tests.wire.real_networkmanager import ADDRESS

if TYPE_CHECKING:
    import subprocess

    from tests.wire.real_networkmanager import RealNetworkManager

    Job = subprocess.Popen[str]

BRIDGE = {"kind": "bridge", "name": "ovirtmgmt", "on": ["eth0"], "addresses": {"method": "keep"}}
BEFORE = {"eth0": [ADDRESS]}
GONE_OVER = {"ovirtmgmt": [ADDRESS]}
#: What the job's playbook does, with shorter times. It waits after telling a state, and before it looks at the
#: gateway, for as long as a test holds it there.
JOB = """
import json, os, sys, time
from cockpit_rhv.checks import network_change
from cockpit_rhv.errors import RhvError
from cockpit_rhv.networks import change
def hold(where):
    while os.path.exists("/run/hold-" + where):
        time.sleep(0.05)
def wrapped(method, where, after):
    def call(self, *words):
        if not after:
            hold(where)
        result = method(self, *words)
        if after:
            hold(words[0])
        return result
    return call
change.Change._prove = wrapped(change.Change._prove, "prove", False)
change.Change._state = wrapped(change.Change._state, "", True)
made = network_change._change
def quick(*words):
    found = made(*words)
    found.reach_s, found.back_s, found.settle_s = 5.0, 5.0, 3.0
    return found
network_change._change = quick
nothing = {"networks": {}, "taps": {}, "guests": {}}
plan, confirm_s, job = json.loads(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
params = {"job": {"id": job}, "change": {"plan": plan, "confirm_s": confirm_s, "user": "anna", "virtual": nothing}}
try:
    print(network_change.carry_out(params, None)["changed"])
except RhvError as error:
    print(error.code, error.message, error.detail)
"""
#: What systemd starts, with shorter times.
UNDO = """
import functools, sys
from cockpit_rhv.checks import network_undo
network_undo.WayBack = functools.partial(network_undo.WayBack, settle_s=3.0, back_s=8.0, reach_s=5.0)
network_undo._BOOT_S = 8.0
sys.exit(network_undo.main(sys.argv[1:]))
"""
_ANSWER = """
import sys
from cockpit_rhv.checks.network_change import answer_change
answer_change(sys.argv[1], sys.argv[2] == "keep")
"""


def begin(host: RealNetworkManager, plan: dict[str, Any], confirm_s: int = 60, job: str = "job-1") -> Job:
    return host.python(JOB, json.dumps(plan), str(confirm_s), job)


def hold(host: RealNetworkManager, where: str) -> None:
    """The job stops there: in a state, or at ``prove``, until it is let go."""
    host.run("touch", f"/run/hold-{where}")


def let_go(host: RealNetworkManager, where: str) -> None:
    host.run("rm", f"/run/hold-{where}")


def awaits(host: RealNetworkManager, *states: str) -> dict[str, Any]:
    found = until(" or ".join(states), host.state, lambda change: change is not None and change["state"] in states)
    assert found is not None
    return found


def answer(host: RealNetworkManager, word: str, job: str = "job-1") -> None:
    asked = host.python(_ANSWER, job, word)
    told = asked.communicate()[0]
    assert told == "", told


def end(host: RealNetworkManager, how: str) -> None:
    """A signal for the program itself, not for the nsenter that waits for it."""
    host.run("pkill", f"-{how}", "--full", "^[^ ]*python.*carry_out")


def ended(job: Job) -> str:
    return job.communicate(timeout=90)[0].strip()


def undo(host: RealNetworkManager, word: str) -> Job:
    """Start the program of a unit: ``start`` or ``watch``."""
    return host.python(UNDO, word)


def undone(program: Job) -> str:
    """It ended well; what it said."""
    told = ended(program)
    assert program.returncode == 0, told
    return told


def as_before(host: RealNetworkManager) -> None:
    assert (host.addresses(), host.profiles()) == (BEFORE, {"eth0"})
    assert "master" not in json.loads(host.run("ip", "-j", "link", "show", "eth0"))[0]
    assert "profile eth0" in f"profile {host.run('nmcli', '-g', 'GENERAL.CONNECTION', 'device', 'show', 'eth0')}"
    assert host.try_run("test", "-e", "/var/lib/cockpit-rhv/network-change/before.json").returncode != 0
    host.run("ping", "-c", "1", "-W", "2", "192.0.2.1")
