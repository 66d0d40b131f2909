# SPDX-License-Identifier: Apache-2.0
"""``cockpit-rhv storage test`` against a real iSCSI target: CHAP, portals, LUNs in use; nothing left or activated."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.cli_exit import ERRORS

from tests.wholekernel import pools
from tests.wholekernel.storage_test import ill, on_server, try_storage

if TYPE_CHECKING:
    from tests.wholekernel.guest import Guest

pytestmark = pytest.mark.timeout(1200)

_PORTALS = ["10.77.0.1:3260", "10.77.1.1:3260"]
_SMALL = 1
_AUTH = f"/sys/kernel/config/target/iscsi/{pools.TARGET}/tpgt_1/auth"
_BACK_USER, _BACK_SECRET = "target", "battery-staple-2"  # of a server that lives as long as a test


def _document(**changes: Any) -> dict[str, Any]:
    chap = {"user": pools.CHAP_USER, "secret": pools.CHAP_SECRET}
    plain = {"type": "iscsi", "portals": _PORTALS, "target": pools.TARGET, "lun": _SMALL, "chap": chap}
    return {**plain, **changes}


def _mutual(secret: str) -> dict[str, Any]:
    reverse = {"user": _BACK_USER, "secret": secret}
    return _document(chap={"user": pools.CHAP_USER, "secret": pools.CHAP_SECRET, "reverse": reverse})


@pytest.fixture
def empty_lun(server: Guest) -> None:
    """The small LUN as it was delivered, whatever an earlier test wrote to it."""
    server.run("truncate -s 0 /srv/iscsi/small && truncate -s 64M /srv/iscsi/small")


@pytest.mark.usefixtures("empty_lun")
def test_a_good_lun_through_two_portals(host1: Guest) -> None:
    """Discovery tells both portals; CHAP lets in at each; what is small is said; nobody's session is left."""
    found = json.loads(host1.run(f"cockpit-rhv storage discover {_PORTALS[0]} --json").stdout)
    assert [target["target"] for target in found["targets"]] == [pools.TARGET]
    assert sorted(portal["portal"] for portal in found["targets"][0]["portals"]) == _PORTALS
    steps = try_storage(host1, _document())
    assert set(ill(steps)) <= {"latency", "space"}
    assert ill(steps)["space"] == "storage.space.little"
    assert steps["login"]["summary"]["params"] == {"count": 2}
    assert [path["value"].split()[-1] for path in steps["lun"]["evidence"]] == ["running", "running"]
    for name in ("client", "name", "port", "target", "login", "lun", "content", "write"):
        assert steps[name]["severity"] == "ok", steps[name]


@pytest.mark.slow
@pytest.mark.usefixtures("empty_lun")
def test_chap_both_ways(host1: Guest, server: Guest) -> None:
    """The target proves itself, too; one that proves itself with another secret is not believed."""
    tell = f"printf {_BACK_USER} > {_AUTH}/userid_mutual && printf {_BACK_SECRET} > {_AUTH}/password_mutual"
    forget = f"printf NULL > {_AUTH}/userid_mutual && printf NULL > {_AUTH}/password_mutual"
    with on_server(server, tell, forget):
        steps = try_storage(host1, _mutual(_BACK_SECRET))
        assert steps["login"]["severity"] == "ok", steps["login"]
        refused = try_storage(host1, _mutual("battery-staple-3"), ERRORS)
    assert list(ill(refused)) == ["login"]
    assert refused["lun"]["severity"] == "skipped"


@pytest.mark.slow
def test_a_wrong_secret(host1: Guest) -> None:
    steps = try_storage(host1, _document(chap={"user": pools.CHAP_USER, "secret": "not-the-secret-1"}), ERRORS)
    assert ill(steps) == {"login": "storage.iscsi.auth"}
    assert "not-the-secret-1" not in json.dumps(steps)


@pytest.mark.slow
@pytest.mark.usefixtures("empty_lun")
def test_a_portal_that_does_not_answer(host1: Guest) -> None:
    """One way is left: that is a warning, and the LUN is tried over it."""
    steps = try_storage(host1, _document(portals=[_PORTALS[0], "10.77.1.1:3261"]))
    assert ill(steps)["port"] == "storage.port.some"
    assert steps["login"]["summary"]["params"] == {"count": 1}
    assert steps["write"]["severity"] == "ok"


@pytest.mark.slow
def test_a_target_and_a_lun_that_are_not_there(host1: Guest) -> None:
    wrong = try_storage(host1, _document(target="iqn.2024-01.lab.wk:t2"), ERRORS)
    assert ill(wrong) == {"target": "storage.iscsi.target.missing"}
    assert ill(try_storage(host1, _document(lun=7), ERRORS)) == {"lun": "storage.iscsi.no_lun"}


@pytest.mark.slow
def test_a_server_that_is_silent(host1: Guest, server: Guest) -> None:
    server.pause()
    try:
        began = time.monotonic()
        steps = try_storage(host1, _document(), ERRORS)
        assert time.monotonic() - began < 60
    finally:
        server.resume()
    assert ill(steps) == {"port": "storage.port.none"}
