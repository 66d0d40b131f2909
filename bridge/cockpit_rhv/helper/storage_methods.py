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
    work = running().test
    report = await call.session.library.run(work, params["document"], params.get("need_gib"), limit_s=TEST_LIMIT_S)
    return report.to_json()


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


STORAGE_METHODS = {
    "storage.test": test,
    "storage.cancel": cancel,
    "storage.discover": discover,
    "storage.luns": luns,
}
