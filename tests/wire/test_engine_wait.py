# SPDX-License-Identifier: Apache-2.0
"""The wait for the engine on a real libvirtd that hangs: it has its socket, and answers nobody."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NoReturn

import pytest
from cockpit_rhv.deploy import engine_wait
from cockpit_rhv.deploy.engine_wait import EngineWait
from cockpit_rhv.deploy.progress import ProgressFile
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.errors import RhvError
from cockpit_rhv.machines import limited
from cockpit_rhv.messages import msg

from tests.unit import deploy_support as world
from tests.wire.libvirt_daemon import MISSING, LibvirtDaemon

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.skipif(MISSING is not None, reason=str(MISSING)), pytest.mark.timeout(240)]

LIMIT_S = 0.5


@pytest.fixture
def wait(daemon: LibvirtDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EngineWait:
    """A wait whose own patience outlasts the test, with short limits for libvirt."""
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path / "var"))
    monkeypatch.setattr(limited, "OPEN_S", LIMIT_S)
    monkeypatch.setattr(engine_wait, "_LOOK_S", LIMIT_S)
    monkeypatch.setattr(engine_wait, "_LIBVIRT_S", 1.0)
    monkeypatch.setattr(engine_wait, "_STATE_S", 0.1)
    deployment = Deployment.open(world.JOB)
    return EngineWait(
        deployment, world.answers(), ProgressFile(None), uri=daemon.uri(), contact_file=tmp_path / "contact"
    )


def silence(wait: EngineWait) -> float:
    """Seconds after which the wait says that libvirt is silent."""
    began = time.monotonic()
    with pytest.raises(RhvError) as caught:
        wait.run()
    assert caught.value.code == "libvirt.silent"
    assert caught.value.hint is not None
    return time.monotonic() - began


def test_a_daemon_that_hangs_before_the_wait(
    daemon: LibvirtDaemon, wait: EngineWait, monkeypatch: pytest.MonkeyPatch
) -> None:
    with daemon.hung():
        assert silence(wait) < 20
    # It answers again, and knows no such VM.
    monkeypatch.setattr(limited, "OPEN_S", 60)
    monkeypatch.setattr(engine_wait, "_LOOK_S", 60)
    monkeypatch.setattr(engine_wait, "_LIBVIRT_S", 60)
    with pytest.raises(RhvError) as caught:
        wait.run()
    assert caught.value.code == "engine.gone"


def test_a_daemon_that_hangs_meanwhile_is_given_a_while(
    daemon: LibvirtDaemon, wait: EngineWait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wait, "_start", lambda: None)
    with daemon.hung():
        assert 1 < silence(wait) < 20


def test_a_look_that_hangs_inside_an_open_connection_is_left_behind(
    wait: EngineWait, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = threading.Event()

    def hang(*_: object) -> NoReturn:
        answer.wait(30)
        raise RhvError("engine.gone", msg("engine.gone", "Too late."))

    monkeypatch.setattr(wait, "_start", lambda: None)
    monkeypatch.setattr(engine_wait, "find_engine", hang)
    assert 1 < silence(wait) < 20
    answer.set()
