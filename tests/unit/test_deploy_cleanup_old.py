# SPDX-License-Identifier: Apache-2.0
"""What version 0.1.0 made: it noted nothing, so a cleanup assumes what is certain and leaves alone what is not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks.agent_port import AGENT_UNIT
from cockpit_rhv.deploy import places
from cockpit_rhv.deploy.cleanup_plan import plan_cleanup
from cockpit_rhv.deploy.state import Deployment

from tests.unit import deploy_support as world

from .cleanup_support import FQDN, Host, made_host

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OTHER = "20260102-030405-ffff"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    yield from made_host(tmp_path, monkeypatch)


def ids(host: Host) -> list[str]:
    """With paths below the test's folder."""
    return [item.id.replace(f"{host.folder}/", "") for item in plan_cleanup().items]


ASSUMED = [
    "file:etc/pki/agent.key",
    "file:etc/pki/ca.pem",
    "file:etc/pki/agent.pem",
    "file:log/HostedEngine.first-contact",
    "file:log/HostedEngine-serial0.log",
    "file:log/HostedEngine.log",
]


def as_0_1_0(host: Host, *, finished: bool = False) -> None:
    """The record as that version wrote it: it noted nothing."""
    deployment = host.deploy()
    if finished:
        host.finish(deployment)
    path = places.state_dir() / "deployment.json"
    value = json.loads(path.read_text())
    for name in ("made", "discard"):
        del value[name]
    path.write_text(json.dumps(value))


def test_what_0_1_0_made_is_assumed_but_for_folders_and_networks(host: Host) -> None:
    as_0_1_0(host)
    assert ids(host) == [
        f"unit:{AGENT_UNIT}",
        "domain:HostedEngine",
        "registration:host1",
        "file:storage/images/HostedEngine-cidata.iso",
        "file:storage/images/HostedEngine.qcow2",
        *ASSUMED,
        "state:var/engine",
    ]


def test_what_0_1_0_deployed_can_be_removed(host: Host) -> None:
    as_0_1_0(host, finished=True)
    assert plan_cleanup().engine == FQDN
    assert {*ASSUMED, "file:etc/engine.json", f"unit:{AGENT_UNIT}", "domain:HostedEngine"} <= set(ids(host))


def test_0_1_0_without_a_host_has_not_started_the_agent(host: Host) -> None:
    as_0_1_0(host)
    Deployment.open(world.JOB).update(host_id="")
    assert f"unit:{AGENT_UNIT}" not in ids(host)


@pytest.mark.parametrize(
    "change",
    [
        lambda: Deployment.open(world.JOB).note("folder", "/nowhere"),
        lambda: Deployment.open(world.JOB).begin_anew(),
        lambda: Deployment.open(OTHER),
    ],
)
def test_what_0_1_0_made_is_known_to_whoever_goes_on_or_takes_over(host: Host, change: Any) -> None:
    as_0_1_0(host)
    change()
    assert {*ASSUMED, f"unit:{AGENT_UNIT}", "domain:HostedEngine"} <= set(ids(host))
