# SPDX-License-Identifier: Apache-2.0
"""The real checks of a fixed address, on a recorded host and a wire on which the address says what is found."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit_rhv.checks import Context, run_checks
from cockpit_rhv.deploy.preflight import NETWORK_CHECKS

from tests.unit import deploy_support as world

if TYPE_CHECKING:
    from .texts import Json

#: Somebody has it; the answer waits while the test keeps the file HOLD; the DNS knows neither it nor the name.
TAKEN, SLOW, NAMELESS = "192.0.2.66", "192.0.2.77", "192.0.2.88"
HOLD = Path(os.environ.get("RHV_FAKE_STATE", "state")).with_suffix(".hold")
SILENT_GATEWAY = "192.0.2.254"


def check_network(answers: dict[str, Any]) -> Json:
    """Answer of ``deploy.check_network``."""
    network = answers["network"]
    address = network["address"].partition("/")[0]
    fqdn = answers["engine"]["fqdn"]
    while address == SLOW and HOLD.exists():
        time.sleep(0.05)

    def arp(_device: str, wanted: str) -> str | None:
        return None if wanted not in (TAKEN, "192.0.2.1") else "52:54:00:aa:bb:cc"

    bridge = world.nic(network["name"], "bridge", "192.0.2.10")
    context = world.context(
        answers,
        facts=lambda: {**world.facts(), "nics": [bridge]},
        arp=arp,
        resolve=lambda _name: [] if address == NAMELESS else [address],
        reverse=lambda _address: [] if address == NAMELESS else [fqdn],
    )
    report = run_checks(NETWORK_CHECKS, Context(answers, None, frozenset(), context.probes))
    return {"errors": [], "report": report.to_json()}
