# SPDX-License-Identifier: Apache-2.0
"""Password hashes: ``scrypt$n$r$p$<salt b64>$<hash b64>`` (docs/architecture.md, "Config drive")."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass

_MAX_MEMORY = 64 * 1024 * 1024
_PARALLEL = 2
"""Each comparison needs 16 MiB for its time; more at once would break the Manager's memory goal."""


@dataclass(frozen=True)
class PasswordHash:
    """A parsed hash."""

    n: int
    r: int
    p: int
    salt: bytes
    digest: bytes

    @classmethod
    def parse(cls, text: str) -> PasswordHash:
        """Raises ValueError when ``text`` is not of the form above or asks for more than 64 MiB."""
        scheme, *rest = text.split("$")
        if scheme != "scrypt" or len(rest) != 5:
            raise ValueError("not a scrypt hash")
        n, r, p = (int(number) for number in rest[:3])
        if 128 * n * r * p >= _MAX_MEMORY:
            raise ValueError("the scrypt parameters need too much memory")
        try:
            salt, digest = (base64.b64decode(part, validate=True) for part in rest[3:])
        except binascii.Error as error:
            raise ValueError(f"salt or hash is not base64: {error}") from error
        if not salt or len(digest) < 16:
            raise ValueError("salt or hash is too short")
        return cls(n, r, p, salt, digest)

    def matches(self, password: str) -> bool:
        """Compare in constant time; takes as long as the parameters ask for."""
        given = hashlib.scrypt(
            password.encode("utf-8"), salt=self.salt, n=self.n, r=self.r, p=self.p, dklen=len(self.digest),
            maxmem=_MAX_MEMORY,
        )  # fmt: skip
        return hmac.compare_digest(given, self.digest)


class PasswordCheck:
    """Checks the one administrator of the first slice, off the event loop."""

    def __init__(self, user: str, password_hash: str) -> None:
        """Raises ValueError when the hash is unusable."""
        self._user = user
        self._hash = PasswordHash.parse(password_hash)
        self._turn = asyncio.Semaphore(_PARALLEL)
        self._cache_key = secrets.token_bytes(32)
        self._verified: bytes | None = None

    async def verify(self, user: str, password: str) -> bool:
        """True for the administrator's name and password. An unknown user costs as much as a wrong password."""
        async with self._turn:
            matches = await asyncio.to_thread(self._hash.matches, password)
        known = hmac.compare_digest(user.encode("utf-8"), self._user.encode("utf-8"))
        if known and matches:
            self._verified = self._mark(user, password)
        return known and matches

    def verified_before(self, user: str, password: str) -> bool:
        """True when :meth:`verify` accepted this very pair since the start.

        HTTP Basic sends the password with every request, and scrypt for each would cost more than the request. What is
        kept is a keyed digest; the key never leaves this process.
        """
        return self._verified is not None and hmac.compare_digest(self._verified, self._mark(user, password))

    def _mark(self, user: str, password: str) -> bytes:
        text = f"{len(user)}:{user}{password}".encode()
        return hashlib.blake2b(text, key=self._cache_key, digest_size=32).digest()
