# SPDX-License-Identifier: Apache-2.0
"""Changes of a guest's networks by our installed package, and what of its networks must be as before."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.wholekernel.guest import Guest

#: Judged and carried out as by a job; the answer is given as soon as it is asked for, or never.
_CHANGE = r"""
import json, sys, threading, time
from cockpit_rhv.checks import network_change
from cockpit_rhv.errors import RhvError
from cockpit_rhv.networks import change
from cockpit_rhv.networks.plan import Plan
from cockpit_rhv.networks.virtual import Virtual

plan, keep = json.loads(sys.argv[1]), sys.argv[2] == "keep"
nothing = {"networks": {}, "taps": {}, "guests": {}}
change.APPLY_S = 180  # both cores may be busy
seen = {}

def look():
    now = network_change.current_change()
    while now is None or now["job"] != sys.argv[3] or now["state"] in ("starting", "applying"):
        time.sleep(0.2)
        now = network_change.current_change()
    if now["state"] == "confirming":
        for path in sys.argv[4:]:
            seen[path] = open(path).read()
        if keep:
            network_change.answer_change(sys.argv[3], True)

looking = threading.Thread(target=look)
told = {"code": None, "detail": None}
try:
    network_change.preview(Plan.from_json(plan), Virtual({}, {}))
    looking.start()
    task = {"plan": plan, "confirm_s": 60 if keep else 3, "user": "anna", "virtual": nothing}
    params = {"job": {"id": sys.argv[3]}, "change": task}
    network_change.carry_out(params, None)
except RhvError as error:
    told.update(code=error.code, detail=error.detail)
if looking.ident is not None:
    looking.join()
now = network_change.current_change()
print(json.dumps({**told, "state": now and now["state"], "seen": seen}))
"""

_STATE = r"""
import glob, json, subprocess

def said(*argv):
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout

links = {}
for link in json.loads(said("ip", "-json", "-details", "address")):
    kept = {key: link.get(key) for key in ("address", "mtu", "master", "flags", "operstate")}
    kept["addresses"] = sorted(f"{one['local']}/{one['prefixlen']}" for one in link["addr_info"]
                               if one["family"] == "inet" or one["scope"] == "global")
    kept["kind"] = link.get("linkinfo", {}).get("info_kind")
    links[link["ifname"]] = kept
nm = "org.freedesktop.NetworkManager"
print(json.dumps({
    "links": links,
    "routes": sorted(said("ip", "route").splitlines()),
    "devices": sorted(said("nmcli", "-t", "-f", "DEVICE,STATE,CONNECTION", "device").splitlines()),
    "profiles": {path: open(path).read() for path in glob.glob("/etc/NetworkManager/system-connections/*")
                 + glob.glob("/run/NetworkManager/system-connections/*")},
    "checkpoints": said("busctl", "get-property", nm, "/org/freedesktop/NetworkManager", nm, "Checkpoints").strip(),
}))
"""


def change(host: Guest, plan: dict[str, Any], job: str, *look: str, keep: bool = True) -> dict[str, Any]:
    """How it ended: ``state``, ``code`` and ``detail``, and in ``seen`` the files ``look`` while it was asked for."""
    words = ["python3", "-c", _CHANGE, json.dumps(plan), "keep" if keep else "no", job, *look]
    done = host.run(*words, limit_s=540)
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def network_state(host: Guest) -> dict[str, Any]:
    """Links with their addresses, routes, NetworkManager's devices, profiles and checkpoints."""
    state: dict[str, Any] = json.loads(host.run("python3 -", input=_STATE).stdout)
    return state
