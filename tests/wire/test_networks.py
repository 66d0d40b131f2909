# SPDX-License-Identifier: Apache-2.0
"""Topic `networks` as a page gets it from a real helper, in a network of its own that the test changes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from cockpit_rhv.helper.networks_topic import TICK_S

from tests.wire.helper_process import TREE

if TYPE_CHECKING:
    from tests.wire.conftest import Start
    from tests.wire.helper_process import HelperProcess

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="making a network needs root")

#: With /sys of its own: it shows the interfaces of whoever mounted it.
ALONE = ["unshare", "--net", "--mount", "sh", "-c", 'mount -t sysfs none /sys && exec "$0" -m cockpit_rhv.helper']


@pytest.fixture
def helper(start_helper: Start) -> HelperProcess:
    return start_helper(argv=[*ALONE, sys.executable])


def ip(helper: HelperProcess, *arguments: str) -> None:
    subprocess.run(["nsenter", f"--target={helper.process.pid}", "--net", "ip", *arguments], check=True, cwd=TREE)


def test_a_new_bridge_appears_at_once_with_its_port_and_goes_again(helper: HelperProcess) -> None:
    topic = helper.subscribe("networks")
    assert set(topic.state["links"]) <= {"lo", "ifb0", "ifb1", "tunl0", "sit0"}
    began_s = time.monotonic()
    ip(helper, "link", "add", "one", "type", "veth", "peer", "name", "other")
    ip(helper, "link", "add", "br7", "type", "bridge")
    ip(helper, "link", "set", "one", "master", "br7")
    ip(helper, "addr", "add", "192.0.2.10/24", "dev", "br7")
    ip(helper, "link", "set", "br7", "up")
    state = helper.until(
        "networks", lambda state: state["links"].get("br7", {}).get("addresses") and len(state["routes"]) > 0
    )
    assert time.monotonic() - began_s < TICK_S + 20
    assert state["links"]["br7"]["members"] == ["one"]
    assert state["links"]["one"]["controller"] == "br7"
    assert [address["address"] for address in state["links"]["br7"]["addresses"]] == ["192.0.2.10"]
    assert state["routes"][0]["destination"] == "192.0.2.0/24"
    ip(helper, "link", "del", "br7")
    helper.until("networks", lambda state: "br7" not in state["links"])
    assert helper.close() == 0


def test_a_hidden_page_is_sent_nothing_and_sees_everything_afterwards(helper: HelperProcess) -> None:
    topic = helper.subscribe("networks")
    helper.call("visible", visible=False)
    helper.drain(0.3)
    topic.patches.clear()
    ip(helper, "link", "add", "br8", "type", "bridge")
    time.sleep(TICK_S + 1)
    assert helper.drain(0.2) == 0
    helper.call("visible", visible=True)
    helper.until("networks", lambda state: "br8" in state["links"])
    assert helper.close() == 0
