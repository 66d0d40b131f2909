# SPDX-License-Identifier: Apache-2.0
"""Bearer tokens: 256 random bits, known here by their SHA-256 only."""

from __future__ import annotations

import hashlib
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable

from sqlalchemy import delete, select, update

from ..db.models import Token

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from ..db.store import Store

SCOPE_API = "ovirt-app-api"
"""Everything an administrator may do."""
SCOPE_DEPLOY = "rhv-deploy"
"""What the deployment job may do: enrol, add and read hosts, and say that it is finished."""

_SAVE_USE_EVERY_S = 60.0
_MAX_TOKENS = 5_000
"""Enough for every task of a long playbook that never logs out; the least recently used go first."""


@dataclass
class Grant:
    """A valid token. ``deadline`` and ``end`` are monotonic seconds: unused until, at the latest until."""

    digest: str
    user: str
    scope: str
    deadline: float
    end: float
    saved: float

    @property
    def is_admin(self) -> bool:
        """True for an administrator's token, False for the deployment's."""
        return self.scope == SCOPE_API


class Tokens:
    """All valid tokens. They outlive a restart of the Manager; each use moves the deadline."""

    def __init__(self, store: Store, idle_s: float, life_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._idle_s = idle_s
        self._life_s = life_s
        self._clock = clock
        self._grants: dict[str, Grant] = {}

    async def load(self) -> None:
        """Take over what an earlier run left, less what has passed since by the wall clock (never more than full)."""
        now, epoch = self._clock(), time.time()

        def work(session: Session) -> list[Token]:
            session.execute(delete(Token).where(Token.used_s < epoch - self._idle_s))
            return list(session.scalars(select(Token)))

        for token in await self._store.run(work):
            idle = max(0.0, epoch - token.used_s)
            age = max(0.0, epoch - token.created_s)
            self._grants[token.digest] = Grant(
                token.digest, token.user, token.scope, now + self._idle_s - idle, now + self._life_s - age, now
            )

    async def issue(self, user: str, scope: str) -> str:
        """A new token's text; it is shown here once and never again."""
        text = secrets.token_urlsafe(32)
        digest = _digest(text)
        now, epoch = self._clock(), time.time()
        await self._store.run(
            lambda session: session.add(Token(digest=digest, user=user, scope=scope, created_s=epoch, used_s=epoch))
        )
        await self._make_room()
        self._grants[digest] = Grant(digest, user, scope, now + self._idle_s, now + self._life_s, now)
        return text

    async def use(self, text: str) -> Grant | None:
        """The grant of a token, its deadline moved; None when it is unknown or has expired."""
        grant = self.peek(text)
        if grant is None:
            return None
        now = self._clock()
        grant.deadline = now + self._idle_s
        if now - grant.saved >= _SAVE_USE_EVERY_S:
            grant.saved = now
            await self._save_use(grant.digest)
        return grant

    def peek(self, text: str) -> Grant | None:
        """The grant of a token without moving its deadline."""
        # The lookup is by hash, so its timing tells nothing about the tokens there are.
        grant = self._grants.get(_digest(text))
        if grant is None or min(grant.deadline, grant.end) <= self._clock():
            return None
        return grant

    async def revoke(self, text: str) -> Grant | None:
        """End a token; returns what it was, None when it was not valid."""
        grant = self.peek(text)
        digest = _digest(text)
        self._grants.pop(digest, None)
        await self._store.run(lambda session: session.execute(delete(Token).where(Token.digest == digest)))
        return grant

    async def revoke_scope(self, scope: str) -> None:
        """End every token of a scope."""
        self._grants = {digest: grant for digest, grant in self._grants.items() if grant.scope != scope}
        await self._store.run(lambda session: session.execute(delete(Token).where(Token.scope == scope)))

    def life_left_s(self, grant: Grant) -> float:
        """Seconds until it ends if it is not used again."""
        return max(0.0, min(grant.deadline, grant.end) - self._clock())

    async def _save_use(self, digest: str) -> None:
        used = time.time()
        statement = update(Token).where(Token.digest == digest).values(used_s=used)
        await self._store.run(lambda session: session.execute(statement))

    async def _make_room(self) -> None:
        if len(self._grants) < _MAX_TOKENS:
            return
        now = self._clock()
        by_use = sorted(self._grants.values(), key=lambda grant: grant.deadline)
        drop = [grant for grant in by_use if grant.deadline <= now] or by_use[:1]
        digests = [grant.digest for grant in drop]
        for digest in digests:
            del self._grants[digest]
        await self._store.run(lambda session: session.execute(delete(Token).where(Token.digest.in_(digests))))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
