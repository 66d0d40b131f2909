# SPDX-License-Identifier: Apache-2.0
"""The deployment job's signed assertions: JWT (RFC 7519) with EdDSA (RFC 8037), as a grant of RFC 7523."""

from __future__ import annotations

import base64
import binascii
import json
import math
import time
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from sqlalchemy import delete

from ..db.models import UsedAssertion

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from ..db.store import Store

ISSUER = "rhv-job"
AUDIENCE = "rhv-engine"
LEEWAY_S = 600
"""A fresh VM's clock and the host's need not agree."""
_MAX_LENGTH = 8192


class AssertionRefused(Exception):
    """The assertion is not accepted; the text says why."""


class Assertions:
    """Accepts assertions of one key, each once."""

    def __init__(self, store: Store, public_key_pem: str) -> None:
        """Raises ValueError when the key is no Ed25519 key in PEM."""
        key = load_pem_public_key(public_key_pem.encode("ascii"))
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("job_public_key is not an Ed25519 key")
        self._key = key
        self._store = store

    async def accept(self, text: str) -> None:
        """Check signature, issuer, audience, time and first use. Raises AssertionRefused."""
        claims = self._verify(text)
        if claims.get("iss") != ISSUER:
            raise AssertionRefused("wrong issuer")
        audience = claims.get("aud")
        if AUDIENCE not in (audience if isinstance(audience, list) else [audience]):
            raise AssertionRefused("wrong audience")
        now = time.time()
        if _number(claims, "exp") + LEEWAY_S <= now:
            raise AssertionRefused("expired")
        if "nbf" in claims and _number(claims, "nbf") - LEEWAY_S > now:
            raise AssertionRefused("not valid yet")
        jti = claims.get("jti")
        if not isinstance(jti, str) or not 0 < len(jti) <= 255:
            raise AssertionRefused("no jti")
        if not await self._store.run(lambda session: _remember(session, jti, now)):
            raise AssertionRefused("used before")

    async def forget(self) -> None:
        """Drop the remembered ids; only sensible when the key itself is forgotten."""
        await self._store.run(lambda session: session.execute(delete(UsedAssertion)))

    def _verify(self, text: str) -> dict[str, Any]:
        parts = text.split(".")
        if len(parts) != 3 or len(text) > _MAX_LENGTH:
            raise AssertionRefused("not a JWT")
        header = _json(parts[0])
        # The algorithm is ours to choose, not the sender's; anything marked critical is unknown to us.
        if header.get("alg") != "EdDSA" or "crit" in header:
            raise AssertionRefused("algorithm is not EdDSA")
        try:
            self._key.verify(_bytes(parts[2]), f"{parts[0]}.{parts[1]}".encode("ascii"))
        except (InvalidSignature, UnicodeEncodeError) as error:
            raise AssertionRefused("wrong signature") from error
        return _json(parts[1])


def _remember(session: Session, jti: str, now: float) -> bool:
    if session.get(UsedAssertion, jti) is not None:
        return False
    session.add(UsedAssertion(jti=jti, used_s=now))
    return True


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    # Python's JSON reads NaN, which is below nothing and above nothing.
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise AssertionRefused(f"{name} is missing or no number")
    return value


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise AssertionRefused("not base64url") from error


def _json(text: str) -> dict[str, Any]:
    try:
        value = json.loads(_bytes(text))
    except (ValueError, RecursionError) as error:
        raise AssertionRefused("not JSON") from error
    if not isinstance(value, dict):
        raise AssertionRefused("not an object")
    return value
