# SPDX-License-Identifier: Apache-2.0
"""Waits for the engine on its other disk: the same CA, the wanted version, healthy, and connected to this host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import RhvError
from ..messages import Message, msg
from .engine_wait import LIMIT_S, Engine, EngineWait
from .manager import Manager
from .upgrade_agent import wait_connected
from .upgrade_record import as_answers, open_deployed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from .first_contact import FirstContact
    from .progress import ProgressFile

RESUME_OR_BACK = msg(
    "upgrade.failed.hint",
    "Resume the job to try again, or go back to the version before: on the engine's page, or with cockpit-rhv upgrade "
    "--rollback. The version before and its data are kept.",
)


class SameEngine(EngineWait):
    """An engine that is upgraded keeps its CA. Another one is not pinned but refused: it would be another engine."""

    def _prove(self, contact: FirstContact, address: str) -> Engine | None:
        pinned = self._deployment.record.ca_sha256
        if contact.ca_sha256 != pinned:
            raise RhvError(
                "upgrade.other_ca",
                msg(
                    "upgrade.other_ca", "The engine VM came up with another CA: it did not take the engine's data over."
                ),
                None,
                f"SHA-256 pinned {pinned}, found {contact.ca_sha256}",
            )
        return super()._prove(contact, address)


def wait_for_version(
    version: str,
    before: Sequence[dict[str, Any]] | None,
    progress: ProgressFile,
    limit_s: float = LIMIT_S,
    hint: Message = RESUME_OR_BACK,
) -> bool:
    """Wait until the engine of this ``version`` is healthy and, unless ``before`` is None, connected to the agent anew.

    True when the record changed. Starts a VM that is off. Raises RhvError ``upgrade.*``, ``engine.*``, ``manager.*``,
    each with ``hint``.
    """
    config, deployment = open_deployed()
    try:
        changed = SameEngine(deployment, as_answers(config), progress, limit_s).run()
        address = deployment.record.address
        found = Manager(address, config.fqdn, deployment.ca_file.read_text(encoding="ascii")).version()
        if found != version:
            raise RhvError(
                "upgrade.other_version",
                msg(
                    "upgrade.other_version",
                    "The Manager says it is version {found}, not {version}.",
                    found=found,
                    version=version,
                ),
            )
        if before is not None:
            wait_connected(before, progress)
    except RhvError as error:
        raise RhvError(error.code, error.message, hint, error.detail, cause=error.cause, remedy=error.remedy) from error
    return changed
