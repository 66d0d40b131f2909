# SPDX-License-Identifier: Apache-2.0
"""Topic `engine`: which state and which words come from what is seen."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from cockpit_rhv.deploy import engine_parts, engine_state, engine_topic, places, state
from cockpit_rhv.deploy.config import EngineConfig, read_engine_config, write_engine_config
from cockpit_rhv.deploy.engine_parts import Part
from cockpit_rhv.deploy.engine_state import Health, Local, compose
from cockpit_rhv.errors import RhvError
from cockpit_rhv.messages import msg

from tests.unit import deploy_support as world

if TYPE_CHECKING:
    from collections.abc import Iterator

COMMON = json.loads((Path(__file__).parents[2] / "schemas" / "common.json").read_text())
GOOD = Health("good", msg("g", "healthy"), 5.0, "0.2.0")
BAD = Health("bad", msg("b", "no answer"), 5.0)
FINE = Part("ok", msg("f", "fine"))
CONFIG = EngineConfig(
    profile="embedded",
    name="HostedEngine",
    uuid="6f3a4f0e-7d9c-4a55-9d2c-0d9d6a4c2b11",
    fqdn="engine.example.com",
    address="192.0.2.20",
    url="https://engine.example.com/ovirt-engine/",
    ca_sha256="ab" * 32,
    ca_file="/nowhere/ca.pem",
    host_id="h",
    host_name="host1",
    host_address="192.0.2.10",
    network_kind="nat",
    network_name="default",
    disk="/images/HostedEngine.qcow2",
    deployed_s=1.0,
    job=world.JOB,
    engine_version="0.1.0",
)


def job(state: str, job_id: str = "20260201-000000-aaaa", kind: str = "deploy", *, retired: bool = False) -> Any:
    active = state in ("queued", "running")
    resumable = not active and state != "succeeded" and not retired
    return SimpleNamespace(id=job_id, kind=kind, state=state, active=active, resumable=resumable)


def engine(local: Local, health: Health = engine_state.NOT_CHECKED) -> dict[str, Any]:
    document = compose(local, health)
    schema = {"$ref": "#/definitions/Engine", "definitions": COMMON["definitions"]}
    jsonschema.Draft7Validator(schema).validate(document)
    return document


@pytest.mark.parametrize(
    ("config", "found", "state"),
    [
        (None, None, "none"),
        (None, job("running"), "deploying"),
        (None, job("queued"), "deploying"),
        (None, job("failed"), "failed"),
        (CONFIG, None, "deployed"),
        (CONFIG, job("running"), "deploying"),
        (CONFIG, job("running", kind="upgrade"), "deployed"),
        (None, job("running", kind="cleanup"), "failed"),
    ],
)
def test_state(config: EngineConfig | None, found: Any, state: str) -> None:
    assert engine(Local(config, found))["state"] == state


@pytest.mark.parametrize(
    ("jobs", "config", "expected"),
    [
        ([], None, None),
        ([job("succeeded")], None, None),
        ([job("failed")], None, "20260201-000000-aaaa"),
        ([job("succeeded"), job("failed", "20260101-000000-aaaa")], None, None),
        ([job("failed"), job("running", "20260101-000000-aaaa")], None, "20260101-000000-aaaa"),
        ([job("failed", "20250101-000000-aaaa")], CONFIG, None),
        ([job("cancelled")], CONFIG, "20260201-000000-aaaa"),
        ([job("failed", retired=True)], None, None),
        ([job("succeeded", kind="cleanup"), job("failed", "20260101-000000-aaaa", retired=True)], None, None),
        ([job("failed", kind="cleanup")], None, "20260201-000000-aaaa"),
        ([job("failed", "20250101-000000-aaaa", "upgrade")], CONFIG, "20250101-000000-aaaa"),
        ([job("failed", kind="task")], None, None),
    ],
)
def test_which_deployment_counts(jobs: list[Any], config: EngineConfig | None, expected: str | None) -> None:
    store: Any = SimpleNamespace(list=lambda: SimpleNamespace(jobs=jobs))
    found = engine_state._deployment(store, config)
    assert (found.id if found else None) == expected


@pytest.mark.parametrize(
    ("vm", "health", "fresh", "expected"),
    [
        ("ok", GOOD, False, "ok"),
        ("starting", GOOD, True, "ok"),
        ("ok", BAD, True, "starting"),
        ("ok", BAD, False, "failed"),
        ("ok", engine_state.NOT_CHECKED, False, "unknown"),
        ("starting", BAD, True, "starting"),
        ("stopped", BAD, False, "stopped"),
        ("failed", BAD, False, "stopped"),
        ("unknown", BAD, False, "unknown"),
    ],
)
def test_the_managers_state_is_seen_with_its_vms(vm: str, health: Health, fresh: bool, expected: str) -> None:
    local = Local(CONFIG, None, "running", {"vm": Part(vm, FINE.message)}, fresh)
    parts = {part["id"]: part["state"] for part in engine(local, health)["components"]}
    assert parts["manager"] == expected


def test_components_come_in_one_order_with_health_version_and_reach() -> None:
    parts = {"agent": FINE, "vm": FINE, "network": FINE, "libvirt": FINE}
    document = engine(Local(CONFIG, None, "running", parts), GOOD)
    assert [part["id"] for part in document["components"]] == ["libvirt", "network", "vm", "manager", "agent"]
    assert (document["version"], document["health"]["state"], document["reachable_only_here"]) == (
        "0.2.0",
        "good",
        True,
    )
    assert not engine(Local(replace(CONFIG, network_kind="bridge"), None))["reachable_only_here"]
    assert engine(Local(CONFIG, None), BAD)["version"] == "0.1.0"


@pytest.mark.parametrize(
    ("active", "enabled", "booting", "clients", "expected"),
    [
        ("active", "enabled", False, [{"name": "engine"}], "ok"),
        ("active", "enabled", False, [], "starting"),
        ("active", "enabled", False, None, "starting"),
        ("activating", "enabled", False, None, "starting"),
        ("inactive", "enabled", True, None, "starting"),
        ("inactive", "enabled", False, None, "stopped"),
        ("inactive", "disabled", True, None, "stopped"),
        ("failed", "enabled", True, None, "failed"),
    ],
)
def test_agent(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    active: str,
    enabled: str,
    booting: bool,
    clients: Any,
    expected: str,
) -> None:
    unit = world.unit(active)._replace(enabled=enabled)
    monkeypatch.setattr(engine_parts, "unit_states", lambda names: dict.fromkeys(names, unit))
    state = tmp_path / "agent.json"
    if clients is not None:
        state.write_text(json.dumps({"clients": clients}))
    assert engine_parts.agent_part(state, booting).state == expected


def test_how_long_ago_the_host_booted(tmp_path: Path) -> None:
    import os

    ticks = os.sysconf("SC_CLK_TCK")
    assert engine_parts.host_uptime_s(tmp_path) == float("inf")
    (tmp_path / "proc/1").mkdir(parents=True)
    (tmp_path / "proc/uptime").write_text("1000.50 900.00\n")
    before_start = "1 (sys (te) md) S " + "0 " * 18
    (tmp_path / "proc/1/stat").write_text(f"{before_start}{600 * ticks} 5 6\n")
    assert engine_parts.host_uptime_s(tmp_path) == pytest.approx(400.5)


def test_agent_without_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_parts, "unit_states", world.raising(RhvError("x", msg("m", "no systemd"))))
    assert engine_parts.agent_part().state == "unknown"


class FakeManager:
    """Says what the test wants for each address."""

    said: dict[str, Any] = {}
    asked: list[str] = []

    def __init__(self, address: str, _fqdn: str, _ca: str, timeout_s: float) -> None:
        self.address = address

    def healthy(self) -> bool:
        self.asked.append(self.address)
        word = self.said[self.address]
        if isinstance(word, Exception):
            raise word
        return bool(word)

    def version(self) -> str:
        return "9.9"


@pytest.mark.parametrize(
    ("said", "expected"),
    [(True, "good"), (False, "bad"), (RhvError("manager.unreachable", msg("m", "silence")), "bad")],
)
def test_health(tmp_path: Path, said: Any, expected: str) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("pem")
    FakeManager.said = {"192.0.2.20": said}
    make: Any = FakeManager
    health = engine_state.read_health(replace(CONFIG, ca_file=str(ca)), make)
    assert (health.state, health.checked_s is not None) == (expected, True)


def test_health_without_the_ca() -> None:
    assert engine_state.read_health(CONFIG).state == "unknown"


def test_a_moved_engine_is_asked_at_its_new_address_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contact = tmp_path / "contact"
    said = {"version": 1, "ca_sha256": "ab" * 32, "fqdn": "e.x", "addresses": ["192.0.2.77"], "engine_version": "1"}
    contact.write_text(json.dumps(said) + "\n")
    monkeypatch.setattr(places, "first_contact_file", lambda _name: contact)
    assert list(engine_state.manager_addresses(CONFIG)) == ["192.0.2.77", "192.0.2.20"]
    contact.write_text(json.dumps({**said, "ca_sha256": "cd" * 32}) + "\n")
    assert list(engine_state.manager_addresses(CONFIG)) == ["192.0.2.20"], "the word of another engine"


def test_config_round_trip_and_damage(tmp_path: Path) -> None:
    path = tmp_path / "etc" / "engine.json"
    assert read_engine_config(path) is None
    write_engine_config(CONFIG, path)
    assert read_engine_config(path) == CONFIG
    assert path.stat().st_mode & 0o777 == 0o644
    schema = {"$ref": "#/definitions/EngineConfig", "definitions": COMMON["definitions"]}
    jsonschema.Draft7Validator(schema).validate(json.loads(path.read_text()))
    for text in ("", "[]", "{}"):
        path.write_text(text)
        with pytest.raises(RhvError) as caught:
            read_engine_config(path)
        assert caught.value.code == "engine.config_damaged"


# -- the topic --------------------------------------------------------------------------------------------------------


class FakeParts:
    """Connection, guests and workers of a front door."""

    def __init__(self, tmp_path: Path) -> None:
        self.on_state: list[Any] = []
        self.on_change: list[Any] = []
        self.connection: Any = SimpleNamespace(on_state=self.on_state.append)
        self.machines: Any = SimpleNamespace(on_change=self.on_change.append)
        self.store: Any = SimpleNamespace(root=tmp_path, ids=list)

    def job_store(self) -> Any:
        return self.store

    async def run(self, function: Any, *args: Any, limit_s: float) -> Any:
        assert limit_s > 0
        return function(*args)


async def test_the_topic_follows_events_of_the_engine_vm_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    states = iter(["running", "shut_off", "never asked for"])
    monkeypatch.setattr(engine_topic, "read_local", lambda: Local(CONFIG, None, next(states)))
    monkeypatch.setattr(engine_topic, "read_health", lambda _config: BAD)
    parts = FakeParts(tmp_path)
    topic = engine_topic.EngineTopic(parts)
    touched = asyncio.Event()
    await topic.attach(touched.set)
    try:
        assert topic.read()["vm_state"] == "running"
        await asyncio.wait_for(touched.wait(), 60)
        assert topic.read()["health"]["state"] == "bad"
        touched.clear()
        running, off = SimpleNamespace(state="running"), SimpleNamespace(state="shut_off")
        parts.on_change[0](SimpleNamespace(uuid="another", before=running, after=off))
        parts.on_change[0](SimpleNamespace(uuid=CONFIG.uuid, before=running, after=running))
        await asyncio.sleep(0.05)
        assert not touched.is_set(), "a sample of load, or another guest, is no news"
        parts.on_change[0](SimpleNamespace(uuid=CONFIG.uuid, before=running, after=off))
        await asyncio.wait_for(touched.wait(), 60)
        assert topic.read()["vm_state"] == "shut_off"
    finally:
        await topic.detach(touched.set)
    assert len(asyncio.all_tasks()) == 1, "nothing is followed when nobody looks"


async def test_a_damaged_config_is_the_topics_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_topic, "read_local", world.raising(RhvError("engine.config_damaged", msg("m", "x"))))
    topic = engine_topic.EngineTopic(FakeParts(tmp_path))
    watcher = asyncio.Event()
    await topic.attach(watcher.set)
    with pytest.raises(RhvError):
        topic.read()
    await topic.detach(watcher.set)


async def test_a_health_check_that_takes_too_long_does_not_end_the_following(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_topic, "INTERVAL_S", 0.02)
    monkeypatch.setattr(engine_topic, "read_local", lambda: Local(CONFIG, None))
    answers: Iterator[RhvError | Health] = iter([RhvError("call.overdue", msg("m", "overdue")), GOOD])

    def health(_config: EngineConfig) -> Health:
        word = next(answers, GOOD)
        if isinstance(word, RhvError):
            raise word
        return word

    monkeypatch.setattr(engine_topic, "read_health", health)
    topic = engine_topic.EngineTopic(FakeParts(tmp_path))
    watcher = asyncio.Event()
    await topic.attach(watcher.set)
    async with asyncio.timeout(60):
        while topic.read()["health"]["state"] != "good":
            await asyncio.sleep(0.01)
    await topic.detach(watcher.set)


def test_the_console_of_an_unfinished_engine_can_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "state_dir", lambda: tmp_path)
    failed = job("failed")
    assert engine_state._unfinished(failed) is None
    record = state.new_record(failed.id, [])
    deployment = state.Deployment(tmp_path, record)
    deployment.save()
    assert engine_state._unfinished(failed) is None
    deployment.update(started=True)
    found = engine(Local(None, failed, uuid=engine_state._unfinished(failed)))
    assert (found["state"], found["uuid"]) == ("failed", record.uuid)
    assert engine_state._unfinished(job("running", "20260202-000000-bbbb", "cleanup")) is None
    assert engine_state._unfinished(None) is None
