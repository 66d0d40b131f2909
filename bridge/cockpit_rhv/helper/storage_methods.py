# SPDX-License-Identifier: Apache-2.0
"""``storage.test``, ``.cancel``, ``.discover``, ``.luns``: storage looked at before anything is committed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..storage.testing import Running
    from .session import Call

#: Every program of a test has a limit of its own; their sum stays below this.
TEST_LIMIT_S = 180.0
FIND_LIMIT_S = 120.0


@cache
def running() -> Running:
    """The test of this helper, if one runs."""
    from ..storage.testing import Running

    return Running()


async def test(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Test a storage."""

    def work() -> dict[str, Any]:
        from ..deploy.earlier import earlier_of

        engine = params.get("engine")
        earlier = None if engine is None else earlier_of(params["document"], engine)
        return running().test(params["document"], params.get("need_gib"), earlier).to_json()

    return await call.session.library.run(work, limit_s=TEST_LIMIT_S)


async def cancel(_params: Mapping[str, Any], _call: Call) -> dict[str, Any]:
    """Stop the test that runs."""
    return {"cancelled": running().cancel()}


async def discover(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Targets of a portal."""
    from ..storage.testing import discover_targets

    return await call.session.library.run(discover_targets, params["portal"], params.get("chap"), limit_s=FIND_LIMIT_S)


async def luns(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """LUNs of a target, or of this host."""
    from ..storage.testing import list_luns

    return await call.session.library.run(
        list_luns, params.get("portals"), params.get("target"), params.get("chap"), limit_s=FIND_LIMIT_S
    )


async def wipe_engine(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Delete what an earlier engine left."""
    from ..deploy.earlier import WIPE_LIMIT_S, wipe_engine

    wanted = (params["document"], params["engine"], params["files"], params.get("typed"))
    return {"removed": await call.session.library.storage(wipe_engine, *wanted, limit_s=WIPE_LIMIT_S)}


STORAGE_METHODS = {
    "storage.wipe_engine": wipe_engine,
    "storage.test": test,
    "storage.cancel": cancel,
    "storage.discover": discover,
    "storage.luns": luns,
}
