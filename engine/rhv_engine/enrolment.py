# SPDX-License-Identifier: Apache-2.0
"""Who may enrol a host: the one-time token of the config drive, and the deployment job until it is finished.

The token's time is ``valid_s`` of the monotonic clock from the first start. A restart subtracts what the wall clock
says has passed since the first start (never less than nothing), so that restarting cannot renew it by more than a
clock set back would; a clock set forward ends it early, which is the safe side.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from typing import TYPE_CHECKING, Callable

from .db.models import Meta
from .db.seed import FIRST_START

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from .db.store import Store
    from .settings import Enrollment

_TOKEN_USED = "enrollment_token_used"  # noqa: S105 a key of the table, not a secret
_FINISHED = "deployment_finished"


class TokenRefused(Exception):
    """The one-time token is not accepted; ``str()`` says why in a word or two."""


class Enrolment:
    """The state of both ways; see the module."""

    def __init__(
        self, store: Store, enrollment: Enrollment | None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._store = store
        self._enrollment = enrollment
        self._clock = clock
        self._deadline = clock()
        self._used = True
        self._lock = asyncio.Lock()
        self.finished = False

    async def load(self) -> None:
        """Read what an earlier run left. Call once, after the seed."""

        def work(session: Session) -> tuple[str | None, bool, bool]:
            first = session.get(Meta, FIRST_START)
            used, finished = session.get(Meta, _TOKEN_USED), session.get(Meta, _FINISHED)
            return first.value if first else None, used is not None, finished is not None

        first, self._used, self.finished = await self._store.run(work)
        valid_s = self._enrollment.valid_s if self._enrollment else 0
        passed = max(0.0, time.time() - float(first)) if first else 0.0
        self._deadline = self._clock() + valid_s - passed

    def check_token(self, token: str) -> None:
        """Raises TokenRefused unless this is the token, unused and in time."""
        expected = self._enrollment.token_sha256 if self._enrollment else ""
        given = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
        if not hmac.compare_digest(expected, given):
            raise TokenRefused("wrong token")
        # Only who knows the token learns what became of it.
        if self._used or self.finished:
            raise TokenRefused("the token was used before")
        if self._clock() >= self._deadline:
            raise TokenRefused("the token has expired")

    async def redeem(self, token: str, issue: Callable[[], bytes]) -> bytes:
        """What ``issue`` returns, with the token used up by it; an ``issue`` that raises leaves the token good.

        The use is on disk before the outcome is returned. Raises TokenRefused, and what ``issue`` raises.
        """
        async with self._lock:
            self.check_token(token)
            outcome = issue()
            await self._store.run(lambda session: session.add(Meta(key=_TOKEN_USED, value=repr(time.time()))))
            self._used = True
            return outcome

    async def finish(self) -> None:
        """The deployment is over: neither token nor job key is accepted from now on."""
        self.finished = True
        await self._store.run(lambda session: session.merge(Meta(key=_FINISHED, value=repr(time.time()))))
