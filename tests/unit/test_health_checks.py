# SPDX-License-Identifier: Apache-2.0
"""Every health check on a recorded good host, on one that is ill in the way it is about, and on one it cannot read."""

from __future__ import annotations

import errno
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

import pytest
from cockpit_rhv.checks.context import Finished
from cockpit_rhv.checks.registry import all_checks, run_checks
from cockpit_rhv.checks.remedies import host_tasks
from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import msg

from tests.unit.health_ill import ILL as CLASSIC
from tests.unit.health_ill_common import ILL as ILL_COMMON
from tests.unit.health_ill_ovirt import ILL as ILL_OVIRT
from tests.unit.health_ill_tools import ILL as ILL_TOOLS
from tests.unit.health_support import Host, guest

if TYPE_CHECKING:
    from cockpit_rhv.checks.registry import Check

ILL = [*CLASSIC, *ILL_COMMON, *ILL_TOOLS, *ILL_OVIRT]
#: Whatever judges a host in daily work, those among it that a deployment's preflight asks as well.
HEALTH = {check.id: check for check in all_checks() if not check.needs_answers}
#: What the recorded host has no use for.
NOT_HERE = {"vdsm.services", "vdsm.report", "engine.ha", "node.image", "cpu.secure_guests"}


@pytest.mark.parametrize("check", sorted(HEALTH))
def test_the_good_host_is_well(check: str, tmp_path: Path) -> None:
    result = Host().check(check, tmp_path)
    wanted = "not_applicable" if check in NOT_HERE else "ok"
    assert (result.severity, str(result.summary)) == (wanted, str(result.summary)), result
    if wanted == "ok":
        assert result.evidence, "who reads it wants to know what was looked at"
    assert result.remedy_job is None


@pytest.mark.parametrize(("check", "wrong", "severity", "message", "task"), ILL)
def test_an_ill_host_is_told(
    check: str, wrong: Callable[[Host], Any], severity: str, message: str, task: str | None, tmp_path: Path
) -> None:
    host = Host()
    wrong(host)
    result = host.check(check, tmp_path)
    assert (result.severity, result.summary.id) == (severity, message), (str(result.summary), result.evidence)
    assert (result.remedy_job.task if result.remedy_job else None) == task
    if severity in ("warning", "error"):
        assert result.remedy is not None, "what is wrong comes with what to do"
        assert result.evidence
    shown = [(item.source, item.value) for item in result.evidence]
    assert len(set(shown)) == len(shown), "the page tells rows apart by what they say"
    if result.remedy_job is not None:
        known = host_tasks()[result.remedy_job.task]
        given = result.remedy_job.params
        assert set(given) == set(known.params)
        assert all(re.fullmatch(known.params[name], str(value)) for name, value in given.items())


@pytest.mark.parametrize(("active", "advice"), [(True, "virsh destroy a"), (False, "qemu/a.log")])
def test_a_crashed_guest_that_still_has_its_process_must_end_first(tmp_path: Path, active: bool, advice: str) -> None:
    state = ("crashed", "panicked") if active else ("shut_off", "crashed")
    found = Host(guests=[guest("a", active=active, state=state[0], reason=state[1])]).check("guests.states", tmp_path)
    assert advice in str(found.remedy)


@pytest.mark.parametrize(
    ("answer", "zone"),
    [(Finished(0, "public"), "public"), (Finished(2, "no zone"), ""), (FileNotFoundError(2, "firewall-cmd"), "")],
)
def test_a_port_is_opened_in_the_zone_of_the_device(tmp_path: Path, answer: Finished | Exception, zone: str) -> None:
    host = Host()
    next(change for check, change, *_ in ILL if check == "network.firewall")(host)
    host.commands["firewall-cmd --get-zone-of-interface=ovirtmgmt"] = answer
    host.commands["firewall-cmd"] = AssertionError("another device")
    remedy = host.check("network.firewall", tmp_path).remedy_job
    assert remedy is not None
    assert remedy.params["zone"] == zone


def test_what_the_good_host_has_no_use_for_is_well_elsewhere() -> None:
    assert {check for check, _, severity, *_ in ILL if severity == "ok"} >= NOT_HERE


def test_every_check_has_an_ill_host() -> None:
    assert {check for check, _, severity, *_ in ILL if severity in ("warning", "error")} == set(HEALTH)


def unreadable() -> Host:
    """Nothing answers: no file can be read, no program started, no daemon reached, and libvirt turns us away."""
    denied = PermissionError(errno.EACCES, "Permission denied")
    refused = RhvError("libvirt.auth", msg("m", "libvirt refused the authentication."))
    host = Host()
    host.broken = {
        "facts": denied,
        "hypervisor": refused,
        "pools": refused,
        "run": denied,
        "space": denied,
        "resolve": denied,
        "reverse": denied,
        "port_owner": denied,
        "unit_states": RhvError("host.no_systemd", msg("m2", "systemd does not answer.")),
        "peer_certificate": denied,
    }
    return host


@pytest.fixture
def no_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Below ``tmp_path`` every file refuses; root in a container is refused nothing by permissions alone."""

    def refuse(method: Any) -> Any:
        def read(path: Path, *args: Any, **options: Any) -> Any:
            if tmp_path in path.parents:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return method(path, *args, **options)

        return read

    for name in ("read_text", "read_bytes", "stat", "iterdir"):
        monkeypatch.setattr(Path, name, refuse(getattr(Path, name)))


@pytest.mark.parametrize("check", sorted(HEALTH))
def test_what_cannot_be_read_is_never_in_order(check: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    host = unreadable()
    context = host.context(tmp_path)
    request.getfixturevalue("no_files")
    (result,) = run_checks([check], context).results
    assert result.severity == "unknown", (str(result.summary), result.evidence)


@pytest.mark.parametrize("check", sorted(HEALTH))
def test_why_and_titles_are_sentences_of_their_own(check: str) -> None:
    described: Check = HEALTH[check]
    assert str(described.why).endswith(".")
    assert str(described.title) != str(described.why)
    assert described.limit_s <= 20


def test_the_verdict_of_the_good_host_is_in_order(tmp_path: Path) -> None:
    report = run_checks(sorted(HEALTH), Host().context(tmp_path))
    assert report.verdict == "ok", [str(result.summary) for result in report.results if result.severity != "ok"]
    assert json.dumps(report.to_json())
