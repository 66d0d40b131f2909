# SPDX-License-Identifier: Apache-2.0
"""What is kept of the networks on disk while a change waits: it is there as long as it is needed, and no longer."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.checks import network_kept, network_undo
from cockpit_rhv.checks.context import Finished
from cockpit_rhv.checks.network_change import reaches
from cockpit_rhv.checks.network_kept import KeepOnDisk, Kept, read_kept, write_kept
from cockpit_rhv.jobs.boot import this_boot
from cockpit_rhv.jobs.stopping import Stopped
from cockpit_rhv.jobs.store import JobStore
from cockpit_rhv.messages import Message
from cockpit_rhv.networks.before import Before, Way
from cockpit_rhv.networks.way_back import WayBack

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
JOB = "20261123-140000-abcd"
BEFORE = Before({}, {}, (), (), None)
TITLE = Message("networks.title.bridge", "Create the bridge {name}", {"name": "br0"})


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("COCKPIT_RHV_NETWORK_CHANGE", str(tmp_path / "run"))
    monkeypatch.setattr(network_kept, "kept_path", lambda: tmp_path / "kept" / "before.json")
    monkeypatch.setattr(network_kept, "_SYSTEMD", tmp_path)
    return tmp_path


def nothing(_argv: Sequence[str], _limit_s: float) -> Finished:
    return Finished(0, "")


def test_ended_before_it_is_watched_nothing_is_left_to_take_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the next boot would put profiles back, over whatever somebody did in between."""

    def ended(kept: Kept) -> None:
        write_kept(kept)
        raise Stopped

    monkeypatch.setattr(network_kept, "write_kept", ended)
    with pytest.raises(Stopped):
        KeepOnDisk(JOB, TITLE, "anna", nothing).begin(BEFORE, {})
    assert read_kept() is None


@pytest.mark.parametrize("restored", [True, False])
def test_it_is_taken_back_with_a_full_run_and_kept_while_it_is_needed(
    restored: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def take_back(back: WayBack, _made: object) -> list[Any]:
        back.restored = restored
        taken.append(back)
        return []

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    taken: list[WayBack] = []
    monkeypatch.setattr(WayBack, "take_back", take_back)
    monkeypatch.setattr(network_undo, "write_state", full)
    write_kept(Kept(this_boot(), JOB, TITLE, "anna", BEFORE, {}))
    network_undo.watch(nothing, JobStore(tmp_path / "jobs"))
    assert len(taken) == 1
    assert (read_kept() is None) == restored


def test_a_ping_that_hangs_is_no_answer() -> None:
    def hangs(argv: Sequence[str], limit_s: float) -> Finished:
        raise subprocess.TimeoutExpired(argv, limit_s)

    assert not reaches(Way("192.0.2.1", "notthere0"), hangs)


@pytest.mark.parametrize("waits", [True, False])
def test_the_package_is_not_removed_while_a_change_waits(waits: bool, tmp_path: Path) -> None:
    if waits:
        kept = tmp_path / "var/lib/cockpit-rhv/network-change/before.json"
        kept.parent.mkdir(parents=True)
        kept.touch()
    # What comes after this is for a real host.
    begins = (ROOT / "packaging/deb/prerm").read_text(encoding="utf-8").partition("py3clean")[0]
    env = {"DPKG_ROOT": str(tmp_path), "PATH": "/usr/bin:/bin"}

    def removed(word: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", "-c", begins, "prerm", word], env=env, capture_output=True, text=True, check=False)

    assert removed("upgrade").returncode == 0
    done = removed("remove")
    assert done.returncode == (1 if waits else 0)
    assert ("before.json" in done.stderr) == waits
