# SPDX-License-Identifier: Apache-2.0
"""The engine's shared storage on a real libvirtd, whose mount is refused: this machine has no server to ask."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import libvirt
import pytest
from cockpit_rhv.deploy import storage as module
from cockpit_rhv.deploy.state import Deployment
from cockpit_rhv.deploy.storage import prepare_storage
from cockpit_rhv.deploy.vm import libvirt_errors
from cockpit_rhv.errors import RhvError

from tests.unit import deploy_support as world
from tests.wire.libvirt_daemon import MISSING, LibvirtDaemon

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))


@pytest.fixture
def conn(daemon: LibvirtDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[libvirt.virConnect]:
    monkeypatch.setenv("COCKPIT_RHV_STATE", str(tmp_path / "state"))
    conn = libvirt.open(daemon.uri())

    @contextmanager
    def here() -> Iterator[libvirt.virConnect]:
        with libvirt_errors():
            yield conn

    monkeypatch.setattr(module, "connected", here)
    monkeypatch.setattr("cockpit_rhv.deploy.lease.turn_on", lambda *_: False)
    # What is tried here is libvirt's mount, which comes only when the server's port has answered.
    monkeypatch.setattr("cockpit_rhv.deploy.storage_pool.refuse_silent", lambda *_: None)
    yield conn
    conn.close()


def refused(answers: dict[str, Any]) -> tuple[str, str]:
    """Code and detail. Nothing of libvirt's is kept: a pool in a traceback would keep its connection."""
    try:
        prepare_storage(Deployment.open(world.JOB), answers)
    except RhvError as error:
        return error.code, error.detail or ""
    raise AssertionError("mounted, without a server")


def defined(conn: libvirt.virConnect) -> tuple[str, str, bool, bool]:
    """Identity, definition, starts with the host, is mounted."""
    pool = conn.storagePoolLookupByName("rhv-HostedEngine")
    return pool.UUIDString(), pool.XMLDesc(), bool(pool.autostart()), bool(pool.isActive())


def test_the_definition_is_kept_on_a_second_try_and_a_failed_mount_says_why(conn: libvirt.virConnect) -> None:
    given = {"kind": "nfs", "server": "127.0.0.1", "export": "/none", "nfs_version": "4.2", "mount_options": "soft"}
    answers = world.changed(world.answers(), {f"storage.{name}": value for name, value in given.items()})
    code, detail = refused(answers)
    assert code == "storage.not_mounted"
    assert "nfsvers=4.2,retry=0,soft" in detail, "mount's own words, with what it was told"
    first = defined(conn)
    assert first[2:] == (True, False)
    refused(answers)
    assert defined(conn)[0] == first[0], "what is as it is wanted is not defined again"
    answers["storage"]["mount_options"] = "hard"
    refused(answers)
    other = defined(conn)
    assert other[0] != first[0]
    assert "name='hard'" in other[1]
