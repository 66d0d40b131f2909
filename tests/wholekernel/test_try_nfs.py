# SPDX-License-Identifier: Apache-2.0
"""``cockpit-rhv storage test`` against a real NFS server, well and ill: what it says, and that nothing is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.cli_exit import ERRORS

from tests.wholekernel.storage_test import ill, try_storage

if TYPE_CHECKING:
    from tests.wholekernel.guest import Guest

pytestmark = pytest.mark.timeout(1200)


def _nfs(path: str, version: str = "4.2") -> dict[str, Any]:
    return {"type": "nfs", "server": "server.wk.test", "path": path, "version": version}


@pytest.mark.parametrize("version", [pytest.param("3", marks=pytest.mark.slow), "4.2"])
def test_a_good_export(host1: Guest, version: str) -> None:
    """Everything but speed and room is well: how fast the emulated server is says nothing."""
    if version == "3":
        # Its start alone may take longer than a mount may, while this machine is busy.
        host1.run("systemctl start rpc-statd")
    steps = try_storage(host1, _nfs("/srv/nfs/good", version))
    assert steps["mount"]["summary"]["params"] == {"version": version}
    assert set(ill(steps)) <= {"latency"}
    for name in ("name", "port", "mount", "write", "root", "locks", "space", "content"):
        assert steps[name]["severity"] == "ok", steps[name]


@pytest.mark.slow
def test_an_export_of_another_user(host1: Guest) -> None:
    """Root owns it and is squashed: nobody of this host may write."""
    assert ill(try_storage(host1, _nfs("/srv/nfs/squashed"), ERRORS)) == {"write": "storage.write.denied"}
