# SPDX-License-Identifier: Apache-2.0
"""After a reboot, with nobody logged in, everything comes up; meanwhile the host says what is still starting."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import ovirtsdk4
import pytest

from tests.waiting import until

if TYPE_CHECKING:
    from tests.conftest import Engine

pytestmark = pytest.mark.host


def status(engine: Engine) -> dict[str, Any]:
    result = engine.host.container.run("cockpit-rhv", "status", "--json", check=False)
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def states(engine: Engine) -> dict[str, str]:
    return {part["id"]: part["state"] for part in status(engine)["components"]}


def host_status(engine: Engine) -> str:
    """What the Manager says of the host, from a connection of its own; the error's class while it does not answer."""
    try:
        connection = ovirtsdk4.Connection(
            url=f"{engine.url}/api",
            username="admin@internal",
            password=engine.password,
            ca_file=str(engine.ca_file),
            timeout=10,
        )
        (host,) = connection.system_service().hosts_service().list()
        connection.close()
    except (ovirtsdk4.Error, httpx.HTTPError) as error:
        return type(error).__name__
    return str(host.status)


@pytest.mark.timeout(600)
def test_everything_comes_up_by_itself(engine: Engine) -> None:
    engine.host.container.reboot()
    first = states(engine)
    assert set(first) == {"libvirt", "network", "vm", "manager", "agent"}
    assert first["manager"] == "starting", first
    seen = until(
        "every part is ok", lambda: states(engine), lambda now: set(now.values()) == {"ok"}, limit_s=240, every_s=2
    )
    assert seen["manager"] == "ok"
    until(
        "the Manager reports the host up", lambda: host_status(engine), lambda now: now == "up", limit_s=120, every_s=2
    )
    assert status(engine)["health"]["state"] == "good"
