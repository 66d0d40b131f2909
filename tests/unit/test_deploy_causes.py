# SPDX-License-Identifier: Apache-2.0
"""Known causes: every row of every table, and a failure whose cause cannot be found is still told."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks.context import Finished
from cockpit_rhv.deploy import causes
from cockpit_rhv.deploy.first_contact import FirstContact
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines.states import STATES, reason_name
from cockpit_rhv.messages import msg

from tests.unit import deploy_support as world

if TYPE_CHECKING:
    from pathlib import Path

PORT = 54321


def error(code: str, **more: Any) -> RhvError:
    return RhvError(code, msg(code, "It broke."), None, "raw", **more)


# -- a VM that does not run -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "reason", "cause"),
    [
        (5, 3, "cause.vm.crashed"),
        (5, 2, "cause.vm.destroyed"),
        (5, 1, "cause.vm.shutdown"),
        (5, 6, "cause.vm.failed"),
        (5, 0, "cause.vm.off"),
        (5, 8, "cause.vm.off"),
        (5, 99, "cause.vm.off"),
        (6, 1, "cause.vm.panic"),
        (6, 0, "cause.vm.panic"),
        (3, 1, "cause.vm.paused"),
        (3, 5, "cause.vm.io_error"),
        (3, 2, None),
        (7, 0, None),
        (42, 0, None),
    ],
)
def test_each_state_by_libvirts_own_numbers(tmp_path: Path, state: int, reason: int, cause: str | None) -> None:
    name = STATES[state] if state < len(STATES) else "unknown"
    found = causes.stopped_cause(name, reason_name(name, reason), str(tmp_path))
    assert (found.id if found else None) == cause


def test_no_row_of_the_table_waits_for_a_word_libvirt_never_says() -> None:
    said = {(state, reason_name(state, number)) for state in STATES for number in range(20)}
    assert all((row.state, row.reason) in said for row in causes._ENDED)


def test_a_paused_vm_says_how_much_room_there_is(tmp_path: Path) -> None:
    found = causes.stopped_cause("paused", "io_error", str(tmp_path))
    assert found is not None
    assert found.params["folder"] == str(tmp_path)
    assert int(found.params["free_mib"]) > 0
    gone = causes.stopped_cause("paused", "io_error", str(tmp_path / "none"))
    assert gone is not None
    assert gone.params["free_mib"] == 0


# -- a Manager that does not answer -----------------------------------------------------------------------------------

ANSWERS = world.answers()
DHCP = world.changed(ANSWERS, {"network.mode": "dhcp"})
HERE = FirstContact("00" * 32, "engine.example.com", ("192.0.2.20",), "0.1.0")
NOWHERE = FirstContact("00" * 32, "engine.example.com", (), "0.1.0")


@pytest.mark.parametrize(
    ("answers", "contact", "last", "cause"),
    [
        (ANSWERS, None, None, "cause.silent.boot"),
        (ANSWERS, None, "manager.unreachable", "cause.silent.boot"),
        (DHCP, NOWHERE, None, "cause.silent.no_dhcp"),
        (ANSWERS, NOWHERE, None, "cause.silent.no_address"),
        (ANSWERS, HERE, "manager.unreachable", "cause.silent.unreachable"),
        (ANSWERS, HERE, "manager.odd_answer", None),
        (ANSWERS, HERE, None, None),
    ],
)
def test_each_way_of_being_silent(answers: Any, contact: Any, last: str | None, cause: str | None) -> None:
    found = causes.silent_cause(answers, contact, error(last) if last else None)
    assert (found.id if found else None) == cause
    if found is not None:
        assert "{" not in str(found), "every name in the sentence is given"


# -- a host that the Manager does not report up -----------------------------------------------------------------------


def tools(monkeypatch: pytest.MonkeyPatch, **answers: Any) -> list[list[str]]:
    """``firewall_cmd``, ``query``, ``zone_of``, ``route``, ``nft``: what each prints, an exception, or nothing where it
    is not installed."""
    asked: list[list[str]] = []

    def run(argv: list[str], _limit_s: float) -> Finished:
        asked.append(argv)
        words = {"nft": "nft", "ip": "route", "--query": "query", "--get": "zone_of", "--state": "firewall_cmd"}
        name = next(name for word, name in words.items() if any(part.startswith(word) for part in argv))
        said = answers.get(name, FileNotFoundError(2, "not installed"))
        if isinstance(said, Exception):
            raise said
        return Finished(0, said) if isinstance(said, str) else said

    monkeypatch.setattr(causes, "run_command", run)
    return asked


def rules(*items: dict[str, Any]) -> str:
    return json.dumps({"nftables": [{"metainfo": {"version": "1"}}, {"table": {"name": "x"}}, *items]})


def chain(hook: str, policy: str) -> dict[str, Any]:
    return {"chain": {"family": "inet", "table": "x", "name": "c", "hook": hook, "policy": policy}}


def rule(port: Any, *verdicts: str) -> dict[str, Any]:
    match = {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": port}}
    expr = [match, *({verdict: None} for verdict in verdicts)]
    return {"rule": {"family": "inet", "table": "x", "chain": "c", "expr": expr}}


TOO_LONG = subprocess.TimeoutExpired("x", 5)
UNREACHED = "cause.not_up.unreached"


@pytest.mark.parametrize(
    ("answers", "cause"),
    [
        ({"firewall_cmd": "running", "query": "no"}, "cause.not_up.firewalld"),
        ({"firewall_cmd": "running", "query": "yes"}, UNREACHED),
        ({"firewall_cmd": "not running", "query": "no"}, UNREACHED),
        ({"nft": rules(chain("input", "drop"))}, "cause.not_up.firewall"),
        ({"nft": rules(chain("forward", "drop"))}, UNREACHED),
        ({"nft": rules(chain("input", "accept"), rule(PORT, "drop"))}, "cause.not_up.firewall"),
        ({"nft": rules(chain("input", "accept"), rule(PORT, "counter", "reject"))}, "cause.not_up.firewall"),
        ({"nft": rules(chain("input", "accept"), rule(PORT, "accept"))}, UNREACHED),
        ({"nft": rules(chain("input", "accept"), rule(22, "drop"))}, UNREACHED),
        ({"nft": rules(chain("input", "accept"), rule({"range": [50000, 60000]}, "drop"))}, "cause.not_up.firewall"),
        ({"nft": rules(chain("input", "drop"), rule(PORT, "accept"))}, UNREACHED),
        ({"nft": rules({"rule": {"chain": "c"}}, {"rule": {"expr": [{"jump": {"target": "c"}}]}})}, UNREACHED),
        ({"nft": "{"}, UNREACHED),
        ({"nft": "{}"}, UNREACHED),
        ({"nft": Finished(1, "Operation not permitted")}, UNREACHED),
        ({}, UNREACHED),
        ({"firewall_cmd": TOO_LONG, "nft": TOO_LONG}, UNREACHED),
        ({"firewall_cmd": "running", "query": TOO_LONG}, UNREACHED),
    ],
)
def test_each_firewall(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any], cause: str) -> None:
    tools(monkeypatch, **answers)
    found, remedy = causes.not_up_cause("192.0.2.20", [])
    assert found is not None
    assert found.id == cause
    assert "{" not in str(found)
    assert (remedy is not None) == (cause == "cause.not_up.firewalld"), "only firewalld can be told to open a port"
    if remedy is not None:
        assert (remedy.task, remedy.params) == ("open_port", {"port": 54321, "zone": ""})


@pytest.mark.parametrize(
    ("route", "zone_of", "zone"),
    [
        ('[{"dst": "192.168.122.9", "dev": "virbr0"}]', "libvirt", "libvirt"),
        ('[{"dst": "192.168.122.9", "dev": "br0"}]', Finished(2, "no zone"), ""),
        ('[{"dst": "192.168.122.9", "dev": "br0"}]', Finished(0, "what is this?"), ""),
        ("[]", "libvirt", ""),
        ("", "libvirt", ""),
        (Finished(2, "RTNETLINK answers: Network is unreachable"), "libvirt", ""),
        (FileNotFoundError(2, "not installed"), "libvirt", ""),
        (TOO_LONG, "libvirt", ""),
    ],
)
def test_firewalld_is_asked_about_the_zone_the_engine_is_in(
    monkeypatch: pytest.MonkeyPatch, route: Any, zone_of: Any, zone: str
) -> None:
    asked = tools(monkeypatch, firewall_cmd="running", query="no", route=route, zone_of=zone_of)
    _, remedy = causes.not_up_cause("192.168.122.9", [])
    assert remedy is not None
    assert remedy.params == {"port": 54321, "zone": zone}
    assert ["firewall-cmd", f"--zone={zone}", "--query-port=54321/tcp"] in asked


def test_a_zone_without_the_port_that_lets_it_in_all_the_same_is_not_blamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """By its target, a service, or another zone for the engine's address: the kernel's rules know."""
    tools(monkeypatch, firewall_cmd="running", query="no", nft=rules(chain("input", "accept")))
    cause, remedy = causes.not_up_cause("192.168.122.9", [])
    assert (cause and cause.id, remedy) == ("cause.not_up.unreached", None)
    tools(monkeypatch, firewall_cmd="running", query="no", nft=rules(chain("input", "drop")))
    assert causes.not_up_cause("192.168.122.9", [])[1] is not None


def test_a_manager_that_has_reached_the_agent_met_no_firewall(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = tools(monkeypatch, firewall_cmd="running", query="no")
    assert causes.not_up_cause("192.0.2.20", ["192.0.2.20"]) == (None, None)
    assert asked == []


# -- by the error's code ----------------------------------------------------------------------------------------------


def units(monkeypatch: pytest.MonkeyPatch, **states: Any) -> None:
    """Units by the name before the dot and their state; the others are not installed."""

    def states_of(names: Any) -> dict[str, Any]:
        return {name: world.unit(states.get(name.replace(".", "_").replace("-", "_"), "absent")) for name in names}

    monkeypatch.setattr(causes, "unit_states", states_of)


@pytest.mark.parametrize("code", ["libvirt.unreachable", "libvirt.lost"])
@pytest.mark.parametrize(
    ("states", "cause", "task"),
    [
        ({}, "cause.libvirt.missing", None),
        ({"libvirtd_service": "active"}, "cause.libvirt.restarted", None),
        ({"libvirtd_service": "inactive", "virtqemud_service": "active"}, "cause.libvirt.restarted", None),
        ({"libvirtd_service": "activating"}, "cause.libvirt.restarted", None),
        ({"libvirtd_service": "inactive", "libvirtd_socket": "active"}, "cause.libvirt.stopped", "start_libvirt"),
        ({"virtqemud_service": "failed"}, "cause.libvirt.stopped", "start_libvirt"),
    ],
)
def test_libvirt_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, code: str, states: dict[str, str], cause: str, task: str | None
) -> None:
    units(monkeypatch, **states)
    found = causes.diagnose(error(code), {})
    assert found.cause is not None
    assert found.cause.id == cause
    assert (found.remedy.task if found.remedy else None) == task


def test_without_systemd_libvirts_state_is_not_guessed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(causes, "unit_states", world.raising(error("host.no_systemd")))
    found = causes.diagnose(error("libvirt.lost"), {})
    assert (found.code, found.cause, found.remedy) == ("libvirt.lost", None, None)


@pytest.mark.parametrize(
    ("owner", "cause"),
    [
        ({"pid": 7, "process": "vdsmd"}, "cause.agent.port"),
        ({"pid": 7, "process": None}, "cause.agent.port"),
        ({"pid": 4711, "process": "python3"}, None),
        (None, None),
    ],
)
def test_who_has_the_agents_port(monkeypatch: pytest.MonkeyPatch, owner: Any, cause: str | None) -> None:
    monkeypatch.setattr(causes, "unit_states", lambda names: {name: world.unit("active", 4711) for name in names})
    monkeypatch.setattr(causes, "port_owner", lambda _port: owner)
    found = causes.diagnose(error("agent.failed"), {}).cause
    assert (found.id if found else None) == cause


def test_a_full_disk_says_where(tmp_path: Path) -> None:
    found = causes.diagnose(error("disk.full"), world.answers(storage=tmp_path)).cause
    assert found is not None
    assert found.params["folder"] == str(tmp_path)
    assert causes.diagnose(error("disk.full"), {}).cause is None, "an upgrade has no answers"


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("image.checksum", "cause.image"),
        ("libvirt.silent", "cause.libvirt.hangs"),
        ("manager.unreachable", "cause.manager.away"),
        ("machine.qemu_failed", "cause.vm.start"),
        ("some.other", None),
    ],
)
def test_what_the_code_alone_says(code: str, cause: str | None) -> None:
    found = causes.diagnose(error(code), {}).cause
    assert (found.id if found else None) == cause


def test_what_was_known_where_it_arose_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    known = error("image.checksum", cause=msg("mine", "Mine."))
    assert causes.diagnose(known, {}).cause == msg("mine", "Mine.")


def test_every_row_has_a_test_here() -> None:
    assert set(causes._BY_CODE) == {
        "disk.full",
        "image.checksum",
        "libvirt.unreachable",
        "libvirt.lost",
        "libvirt.silent",
        "agent.failed",
        "manager.unreachable",
        "machine.qemu_failed",
    }
