# SPDX-License-Identifier: Apache-2.0
"""One attempt to log in with a password, wherever it comes from: slowed down, compared, recorded."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from .. import events

if TYPE_CHECKING:
    from ..events import EventLog
    from .passwords import PasswordCheck
    from .ratelimit import RateLimit

_MAX_PASSWORD = 1024


class LoginRefused(Exception):
    """Not logged in; ``slow_down`` when the address must wait, otherwise name or password is wrong."""

    def __init__(self, text: str, *, slow_down: bool = False) -> None:
        super().__init__(text)
        self.slow_down = slow_down


class Login:
    """The one way to a password comparison."""

    def __init__(self, passwords: PasswordCheck, limit: RateLimit, log: EventLog) -> None:
        self._passwords = passwords
        self._limit = limit
        self._log = log

    async def check(self, user: str, password: str, address: str) -> None:
        """Return when the password is right. Raises LoginRefused, after the wait that the address has earned."""
        wait = self._limit.take(address)
        if wait is None:
            raise LoginRefused("Too many failed attempts from this address; try again in some seconds.", slow_down=True)
        await asyncio.sleep(wait)
        if len(password) > _MAX_PASSWORD or not await self._passwords.verify(user, password):
            await self._log.add(events.login_failed(user, address))
            raise LoginRefused(
                f"Cannot authenticate user '{user[:100]}': Unable to log in because the user name or password is "
                "incorrect."
            )
        self._limit.give_back(address)
        await self._log.add(events.logged_in(user, address))
