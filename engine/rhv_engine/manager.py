# SPDX-License-Identifier: Apache-2.0
"""The Manager's parts, put together."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from . import events
from .changes import Changes
from .db.store import Store, sqlite_url
from .enrolment import Enrolment
from .events import EventLog
from .hosts.client import Connector
from .hosts.fleet import Fleet
from .inventory import Inventory
from .pki.store import Pki
from .sso.assertions import Assertions
from .sso.login import Login
from .sso.passwords import PasswordCheck
from .sso.ratelimit import RateLimit
from .sso.tokens import SCOPE_DEPLOY, Tokens

if TYPE_CHECKING:
    from pathlib import Path

    from .settings import Settings

logger = logging.getLogger(__name__)


class Manager:
    """Owns every part; :meth:`start` before the first request, :meth:`stop` after the last."""

    def __init__(self, settings: Settings, state: Path) -> None:
        """``state``: the folder for database and certificates, made when missing.

        Raises OSError, and ValueError for an unusable password hash, key or certificate file.
        """
        state.mkdir(mode=0o750, parents=True, exist_ok=True)
        self.settings = settings
        self.pki = Pki(state / "pki", settings.fqdn)
        self.store = Store(settings.database_url or sqlite_url(state / "engine.db"))
        self.changes = Changes()
        self.log = EventLog(self.store, self.changes)
        self.inventory = Inventory(self.store)
        self.connector = Connector(self.pki)
        self.fleet = Fleet(self.connector, settings.timing, self.log, self.changes, self.inventory.set_seen_up)
        self.tokens = Tokens(self.store, settings.token_idle_s, settings.token_life_s)
        self.passwords = PasswordCheck(settings.admin_user, settings.admin_password_hash)
        self.login = Login(self.passwords, RateLimit(time.monotonic), self.log)
        self.enrolment = Enrolment(self.store, settings.enrollment)
        self.assertions: Assertions | None = None
        if settings.job_public_key is not None:
            self.assertions = Assertions(self.store, settings.job_public_key)
        self.addresses: list[str] = []
        """The machine's own addresses, as last seen."""

    async def start(self) -> None:
        """Open the database and supervise the hosts. Raises SchemaTooNew, SQLAlchemyError."""
        steps = await self.store.open()
        if steps:
            logger.info("database: %d schema steps", steps)
        await self.inventory.load()
        await self.tokens.load()
        await self.enrolment.load()
        # Before the first host's event, so that the log begins with the start.
        await self.log.add(events.engine_started())
        self.fleet.start(self.inventory.hosts.values())

    async def stop(self) -> None:
        """Let go of hosts and database."""
        await self.fleet.close()
        await self.log.add(events.engine_stopped())
        await self.store.close()

    async def finish_deployment(self, user: str) -> None:
        """Forget the job's key, its tokens and the one-time token; doing it again changes nothing."""
        if not self.enrolment.finished:
            await self.enrolment.finish()
            await self.log.add(events.deployment_finished(user))
        await self.tokens.revoke_scope(SCOPE_DEPLOY)
        if self.assertions is not None:
            await self.assertions.forget()

    def use_addresses(self, addresses: list[str]) -> bool:
        """Make the server's certificate name these addresses; True when it changed and must be loaded again."""
        self.addresses = addresses
        return self.pki.ensure_server(addresses)
