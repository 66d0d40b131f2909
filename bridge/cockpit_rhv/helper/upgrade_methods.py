# SPDX-License-Identifier: Apache-2.0
"""``engine.*``: the deployed engine's upgrade, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .deploy_methods import READ_LIMIT_S, START_LIMIT_S
from .users import asking_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .session import Call


def _image(params: Mapping[str, Any]) -> Path | None:
    return Path(params["image"]) if "image" in params else None


async def plan(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """What an upgrade would do now."""

    def look() -> dict[str, Any]:
        from ..deploy.upgrade_plan import plan_upgrade

        return plan_upgrade(_image(params)).to_json()

    return await call.session.library.run(look, limit_s=READ_LIMIT_S)


async def upgrade(params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Start the upgrade; the job goes on without us."""

    def begin() -> str:
        from ..deploy.upgrade_start import start_upgrade

        return start_upgrade(_image(params), params.get("version"), asking_user())

    return {"job": await call.session.library.run(begin, limit_s=START_LIMIT_S)}


async def rollback(_params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Start the way back."""

    def begin() -> str:
        from ..deploy.upgrade_start import start_rollback

        return start_rollback(asking_user())

    return {"job": await call.session.library.run(begin, limit_s=START_LIMIT_S)}


async def drop_previous(_params: Mapping[str, Any], call: Call) -> dict[str, Any]:
    """Remove the previous disk."""

    def drop() -> None:
        from ..deploy.upgrade_start import drop_previous as drop_disk

        drop_disk()

    await call.session.library.run(drop, limit_s=START_LIMIT_S)
    return {}


UPGRADE_METHODS = {
    "engine.upgrade_plan": plan,
    "engine.upgrade": upgrade,
    "engine.rollback": rollback,
    "engine.drop_previous": drop_previous,
}
