# SPDX-License-Identifier: Apache-2.0
"""A failure is told with its cause and remedy where they are known, and never hidden by the search for them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.deploy import causes
from cockpit_rhv.deploy.playbook import carry_out
from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import msg

from tests.unit import deploy_support as world
from tests.unit.test_deploy_causes import TOO_LONG, error, tools, units

if TYPE_CHECKING:
    from collections.abc import Callable


def task(code: str) -> dict[str, Any]:
    def work(_params: Any, _progress: Any) -> Any:
        raise error(code)

    return carry_out({"job": {}, "answers": world.answers()}, work)


@pytest.mark.parametrize(
    "trouble",
    [RhvError("x.y", msg("x", "X.")), OSError(5, "io"), TOO_LONG, TypeError("none"), KeyError("pid"), ValueError("v")],
)
def test_no_trouble_with_the_cause_hides_the_failure(monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    monkeypatch.setattr(causes, "port_owner", world.raising(trouble))
    result = task("agent.failed")
    assert result["failed"] is True
    assert result["rhv_error"]["code"] == "agent.failed"
    assert result["rhv_error"]["detail"].startswith("raw\n(no cause found: ")
    assert "cause" not in result["rhv_error"]


def test_cause_and_remedy_reach_the_tasks_result(monkeypatch: pytest.MonkeyPatch) -> None:
    units(monkeypatch, libvirtd_service="failed")
    found = task("libvirt.lost")["rhv_error"]
    assert found["cause"]["id"] == "cause.libvirt.stopped"
    assert found["remedy"]["task"] == "start_libvirt"
    assert RhvError.from_json(found).to_json() == found


def test_a_remedy_is_a_task_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    from cockpit_rhv.checks.remedies import host_tasks

    tools(monkeypatch, firewall_cmd="running", query="no")
    units(monkeypatch, libvirtd_service="failed")
    offered: list[Callable[[], Any]] = [
        lambda: causes.not_up_cause("192.0.2.20", [])[1],
        lambda: causes.diagnose(error("libvirt.lost"), {}).remedy,
    ]
    for offer in offered:
        remedy = offer()
        assert set(host_tasks()[remedy.task].params) == set(remedy.params)
