# SPDX-License-Identifier: Apache-2.0
"""The job's signed assertion: a JWT with EdDSA (RFC 7519, RFC 8037), exchanged for a bearer token (RFC 7523)."""

from __future__ import annotations

import base64
import json
import secrets
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ISSUER = "rhv-job"
AUDIENCE = "rhv-engine"
LIFETIME_S = 300


def sign_assertion(key: Ed25519PrivateKey, now: float | None = None) -> str:
    """A fresh assertion, good for five minutes and for one use. ``now``: epoch seconds."""
    issued = int(time.time() if now is None else now)
    claims = {"iss": ISSUER, "aud": AUDIENCE, "exp": issued + LIFETIME_S, "jti": secrets.token_hex(16)}
    head = f"{_part({'alg': 'EdDSA', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{head}.{_base64url(key.sign(head.encode('ascii')))}"


def _part(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode("ascii"))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
