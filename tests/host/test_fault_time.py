# SPDX-License-Identifier: Apache-2.0
"""The clock of the job jumps an hour, and the package is replaced under it; neither is noticed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.host.deployment import Deployment, cleanup
from tests.host.hoststate import changes, host_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.testhost.host import TestHost

pytestmark = [pytest.mark.host, pytest.mark.timeout(600)]

SHIFT = "/var/tmp/clock-shift"
DROP_IN = f"""\
[Service]
Environment=LD_PRELOAD=/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1
Environment=FAKETIME_TIMESTAMP_FILE={SHIFT}
Environment=FAKETIME_NO_CACHE=1
Environment=FAKETIME_DONT_FAKE_MONOTONIC=1
"""


@pytest.fixture
def movable_clock(faulty: TestHost) -> Iterator[None]:
    """Jobs see the time that stands in SHIFT; nothing else on the host or this machine does."""
    folder = "/etc/systemd/system/cockpit-rhv-job-.service.d"
    box = faulty.container
    box.write(SHIFT, "+0\n")
    box.write(f"{folder}/clock.conf", DROP_IN)
    box.run("systemctl", "daemon-reload")
    yield
    box.run("rm", "-r", folder, SHIFT)
    box.run("systemctl", "daemon-reload")


@pytest.mark.parametrize("shift", ["+3600", "-3600"])
def test_a_jump_of_an_hour_and_an_upgrade_in_the_middle(faulty: TestHost, movable_clock: None, shift: str) -> None:
    before = host_state(faulty)
    deployment = Deployment(faulty).start()
    deployment.until_phase("engine")
    # Whole or not at all: libfaketime ends a program that finds half of it.
    faulty.container.write(f"{SHIFT}.new", f"{shift}\n")
    faulty.container.run("mv", f"{SHIFT}.new", SHIFT)
    # What an upgrade does to the files a running job came from.
    installed = "/usr/lib/python3/dist-packages/cockpit_rhv"
    faulty.container.run("mv", f"{installed}/deploy", f"{installed}/deploy-away")
    faulty.container.run("mv", "/usr/share/cockpit-rhv/ansible", "/usr/share/cockpit-rhv/ansible-away")
    try:
        done = deployment.until_ended("succeeded")
    finally:
        faulty.container.run("mv", f"{installed}/deploy-away", f"{installed}/deploy")
        faulty.container.run("mv", "/usr/share/cockpit-rhv/ansible-away", "/usr/share/cockpit-rhv/ansible")
    assert 0 < done["elapsed_s"] < 300
    assert all(0 <= phase["elapsed_s"] < 300 for phase in done["phases"])
    lines = (deployment.folder / "events.ndjson").read_text().splitlines()
    elapsed = [json.loads(line)["elapsed_s"] for line in lines]
    assert elapsed == sorted(elapsed)
    cleanup(faulty, "engine.rhv.test")
    assert changes(before, host_state(faulty)) == []
