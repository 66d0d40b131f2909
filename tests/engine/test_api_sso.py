# SPDX-License-Identifier: Apache-2.0
"""Tokens, passwords and the brake on guessing, with a clock of their own."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from typing import TYPE_CHECKING

import pytest
from rhv_engine.db.store import Store, sqlite_url
from rhv_engine.sso.passwords import PasswordCheck, PasswordHash
from rhv_engine.sso.ratelimit import BURST, EVERY_S, MAX_WAIT_S, RateLimit
from rhv_engine.sso.tokens import SCOPE_API, SCOPE_DEPLOY, Tokens

from tests.engine.manager_support import PASSWORD, USER, password_hash

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store(sqlite_url(tmp_path / "engine.db"))
    await opened.open()
    yield opened
    await opened.close()


async def test_a_token_slides_but_not_for_ever(store: Store, clock: Clock) -> None:
    tokens = Tokens(store, idle_s=100, life_s=250, clock=clock)
    token = await tokens.issue(USER, SCOPE_API)
    for _ in range(3):
        clock.now += 80
        assert await tokens.use(token) is not None
    clock.now += 20
    assert await tokens.use(token) is None, "250 s after its birth it ends, used or not"
    idle = await tokens.issue(USER, SCOPE_API)
    clock.now += 99
    assert tokens.peek(idle) is not None, "looking does not keep it"
    clock.now += 1
    assert await tokens.use(idle) is None


async def test_only_hashes_are_stored(store: Store, clock: Clock, tmp_path: Path) -> None:
    tokens = Tokens(store, 100, 250, clock)
    token = await tokens.issue(USER, SCOPE_API)
    await store.run(lambda session: session.flush())
    with sqlite3.connect(tmp_path / "engine.db") as database:
        ((digest, _user, scope, _created, _used),) = database.execute("SELECT * FROM tokens").fetchall()
    assert (digest, scope) == (hashlib.sha256(token.encode()).hexdigest(), SCOPE_API)


async def test_a_restart_neither_ends_nor_renews_it(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    epoch = time.time()
    token = await Tokens(store, 100, 250, clock).issue(USER, SCOPE_API)

    async def after(seconds: float) -> bool:
        monkeypatch.setattr(time, "time", lambda: epoch + seconds)
        restarted = Tokens(store, 100, 250, clock)
        await restarted.load()
        return restarted.peek(token) is not None

    assert await after(90)
    assert await after(-1000), "a clock set back does not end it"
    assert not await after(110)


async def test_revoking(store: Store, clock: Clock) -> None:
    tokens = Tokens(store, 100, 250, clock)
    one, two, deploy = [await tokens.issue(USER, scope) for scope in (SCOPE_API, SCOPE_API, SCOPE_DEPLOY)]
    assert await tokens.revoke(one) is not None
    assert await tokens.revoke(one) is None
    await tokens.revoke_scope(SCOPE_DEPLOY)
    assert [await tokens.use(token) is not None for token in (one, two, deploy)] == [False, True, False]
    again = Tokens(store, 100, 250, clock)
    await again.load()
    assert [again.peek(token) is not None for token in (one, two, deploy)] == [False, True, False]


async def test_passwords() -> None:
    check = PasswordCheck(USER, password_hash(PASSWORD))
    assert not check.verified_before(USER, PASSWORD)
    assert await check.verify(USER, PASSWORD)
    assert check.verified_before(USER, PASSWORD)
    assert not check.verified_before(USER + PASSWORD[0], PASSWORD[1:])
    assert not await check.verify(USER, PASSWORD + " ")
    assert not await check.verify("admin", PASSWORD)
    assert not check.verified_before(USER, PASSWORD + " ")


async def test_an_unknown_user_takes_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    real = PasswordHash.matches

    def matches(self: PasswordHash, password: str) -> bool:
        compared.append(password)
        return real(self, password)

    monkeypatch.setattr(PasswordHash, "matches", matches)
    await PasswordCheck(USER, password_hash(PASSWORD)).verify("nobody@internal", "x")
    assert compared == ["x"]


@pytest.mark.parametrize(
    "text",
    [
        "", "plain", "scrypt$16384$8$1$AAAA", "scrypt$x$8$1$AAAA$AAAA", "scrypt$16384$8$1$!$AAAA",
        "scrypt$1048576$8$1$AAAA$" + "A" * 44, "scrypt$16384$8$1$AAAA$AAAA", "bcrypt$1$1$1$AAAA$AAAA",
    ],
)  # fmt: skip
def test_hashes_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        PasswordHash.parse(text)


def test_guessing_gets_slower_and_recovers(clock: Clock) -> None:
    limit = RateLimit(clock)
    assert [limit.take("192.0.2.1") for _ in range(BURST)] == [0.0] * BURST
    waits = [limit.take("192.0.2.1") for _ in range(5)]
    assert waits == [EVERY_S * (number + 1) for number in range(5)]
    assert waits[-1] == MAX_WAIT_S
    assert limit.take("192.0.2.1") is None
    assert limit.take("192.0.2.2") == 0.0, "another address is not held up"
    clock.now += EVERY_S
    assert limit.take("192.0.2.1") == MAX_WAIT_S, "being sent away does not make it longer"
    clock.now += 1000
    assert limit.take("192.0.2.1") == 0.0


def test_good_logins_are_free(clock: Clock) -> None:
    limit = RateLimit(clock)
    for _ in range(10 * BURST):
        assert limit.take("192.0.2.1") == 0.0
        limit.give_back("192.0.2.1")


def test_one_machine_has_one_bucket(clock: Clock) -> None:
    limit = RateLimit(clock)
    for number in range(BURST):
        limit.take(f"2001:db8::{number:x}")
    assert limit.take("2001:db8::ffff") == EVERY_S
    assert limit.take("2001:db8:0:1::1") == 0.0
    for _ in range(BURST):
        limit.take("::ffff:192.0.2.9")
    assert limit.take("192.0.2.9") == EVERY_S


def test_addresses_are_forgotten(clock: Clock) -> None:
    limit = RateLimit(clock)
    for number in range(12_000):
        limit.take(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
        clock.now += 0.001
    assert len(limit._free_at) <= 10_000
