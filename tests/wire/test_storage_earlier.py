# SPDX-License-Identifier: Apache-2.0
"""An earlier engine's disk under a real QEMU: seen to be in use, kept while a guest needs it, and deleted then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.wire.libvirt_daemon import MISSING
from tests.wire.test_machines_details import define, refusal, start

if TYPE_CHECKING:
    from tests.wire.helper_process import HelperProcess
    from tests.wire.libvirt_daemon import LibvirtDaemon

pytestmark = pytest.mark.skipif(MISSING is not None, reason=str(MISSING))


def test_an_engine_that_runs_that_is_off_and_that_is_gone(daemon: LibvirtDaemon, live: HelperProcess) -> None:
    uuid = define(daemon, "one")
    disk = daemon.folder / "one.qcow2"
    place = {"type": "directory", "path": str(daemon.folder)}
    daemon.folder.chmod(0o711)  # so that QEMU's user of this machine may pass, whoever that is
    start(live, uuid)
    report = live.call("storage.test", document=place, engine="one")
    assert report["earlier"], report["steps"]
    [found] = report["earlier"]
    assert (found["name"], found["in_use"]) == ("one.qcow2", True)
    wanted = {"document": place, "engine": "one", "files": [{"name": "one.qcow2", "mark": found["mark"]}]}
    assert refusal(live, "storage.wipe_engine", **wanted) == "storage.earlier.needed"
    live.call("machines.act", action="power_off", uuids=[uuid])
    live.call("machines.remove", uuid=uuid, paths=[])
    [found] = live.call("storage.test", document=place, engine="one")["earlier"]
    assert found["in_use"] is False
    assert found["virtual_bytes"] > 0
    wanted["files"] = [{"name": "one.qcow2", "mark": found["mark"]}]
    assert live.call("storage.wipe_engine", **wanted) == {"removed": ["one.qcow2"]}
    assert not disk.exists()
    assert live.call("storage.test", document=place, engine="one")["earlier"] == []
    assert live.close() == 0
