# SPDX-License-Identifier: Apache-2.0
"""`make demo` says what stands in its way before it changes anything."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.testhost import demo
from tests.testhost.network import Network, NetworkTaken

if TYPE_CHECKING:
    from pathlib import Path


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture(autouse=True)
def nothing_stands_in_the_way(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(demo, "OWNER", tmp_path / "owner.json")
    monkeypatch.setattr(demo, "FACTS", tmp_path / "demo.json")
    monkeypatch.setattr(demo, "NETWORK", Network("rhvunit0", "203.0.113.0/24"))
    monkeypatch.setattr("tests.testhost.demo.os.geteuid", lambda: 0)
    monkeypatch.setattr("tests.testhost.demo.shutil.disk_usage", lambda path: Usage(0, 0, 100 * 2**30))


def refusal(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        demo.refuse_early()
    assert ended.value.code == 1
    return capsys.readouterr().err


def test_nothing_in_the_way() -> None:
    demo.refuse_early()


def test_not_root(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("tests.testhost.demo.os.geteuid", lambda: 1000)
    assert "sudo" in refusal(capsys)


def test_another_demo_runs(capsys: pytest.CaptureFixture[str]) -> None:
    demo.OWNER.write_text(json.dumps({"folder": "/elsewhere/clone"}))
    assert "make -C /elsewhere/clone demo-down" in refusal(capsys)


def test_the_disk_is_too_small(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("tests.testhost.demo.shutil.disk_usage", lambda path: Usage(0, 0, 512 * 2**20))
    assert "512 MiB" in refusal(capsys)


def test_the_network_is_taken(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def answer(*command: str) -> str:
        if command[:3] == ("ip", "-j", "addr"):
            return json.dumps([{"ifname": "vpn0", "addr_info": [{"local": "203.0.113.7"}]}])
        return "[]"

    monkeypatch.setattr("tests.testhost.network._run", answer)
    text = refusal(capsys)
    assert "203.0.113.0/24" in text
    assert "vpn0" in text


def test_a_route_through_the_range_counts_as_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(*command: str) -> str:
        if "route" in command:
            return json.dumps([{"dst": "default", "dev": "eth0"}, {"dst": "203.0.0.0/16", "dev": "vpn0"}])
        return "[]"

    monkeypatch.setattr("tests.testhost.network._run", answer)
    with pytest.raises(NetworkTaken, match=r"203\.0\.0\.0/16"):
        Network("rhvunit0", "203.0.113.0/24").check_free()


def test_our_own_bridge_is_not_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    link = [{"ifname": "rhvunit0", "addr_info": [{"local": "203.0.113.1"}]}]
    route = [{"dst": "203.0.113.0/24", "dev": "rhvunit0"}]
    monkeypatch.setattr(
        "tests.testhost.network._run", lambda *command: json.dumps(route if "route" in command else link)
    )
    Network("rhvunit0", "203.0.113.0/24").check_free()


def test_ip_is_really_asked() -> None:
    """The shapes faked above are those of the real command."""
    links = json.loads(subprocess.run(["ip", "-j", "addr"], capture_output=True, check=True).stdout)
    assert any(info["local"] == "127.0.0.1" for link in links for info in link.get("addr_info", []))
