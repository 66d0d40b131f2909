# SPDX-License-Identifier: Apache-2.0
"""Who makes a request: bearer token, HTTP Basic, or the session cookie that Basic can be turned into."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING

from ..sso.login import LoginRefused
from ..sso.tokens import SCOPE_API, Grant
from .faults import Fault, forbidden, unauthorized

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..manager import Manager

COOKIE = "JSESSIONID"
_CSRF = "csrf"


@dataclass(frozen=True)
class Identity:
    """The grant behind a request, and the headers its answer must carry."""

    grant: Grant
    headers: dict[str, str] = field(default_factory=dict)


def challenge(authorization: str | None) -> str:
    """Value of ``WWW-Authenticate``. Basic would make a browser open its own dialogue, so whoever sent a bearer token
    is told about bearer tokens."""
    if authorization is not None and authorization.lower().startswith("bearer"):
        return 'Bearer realm="ENGINE", error="invalid_token"'
    return 'Basic realm="ENGINE"'


async def authenticate(manager: Manager, headers: Mapping[str, str], address: str) -> Identity:
    """Raises Fault 401, or 403 for a cookie without the header that protects it."""
    authorization = headers.get("authorization", "")
    scheme, _, value = authorization.partition(" ")
    prefer = {item.strip().lower() for item in headers.get("prefer", "").split(",")}
    if scheme.lower() == "bearer":
        return Identity(await _valid(manager, value.strip()))
    if cookie := _cookie(headers.get("cookie", "")):
        return await _with_cookie(manager, cookie, headers, prefer, fallback=bool(authorization))
    if scheme.lower() == "basic":
        return await _with_password(manager, value, address, prefer)
    raise unauthorized()


async def _with_cookie(
    manager: Manager, cookie: str, headers: Mapping[str, str], prefer: set[str], *, fallback: bool
) -> Identity:
    token, _, protection = cookie.partition(".")
    grant = await _valid(manager, token)
    if protection == _CSRF and headers.get(COOKIE.lower()) != cookie:
        raise forbidden(f"The header {COOKIE} must repeat the session's cookie.")
    if "new-auth" in prefer and fallback:
        await manager.tokens.revoke(token)
        raise unauthorized("The session was dropped; send the request again.")
    return Identity(grant)


async def _with_password(manager: Manager, value: str, address: str, prefer: set[str]) -> Identity:
    try:
        user, colon, password = base64.b64decode(value, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise unauthorized("The Authorization header is not valid.") from error
    if not colon:
        raise unauthorized("The Authorization header is not valid.")
    if not manager.passwords.verified_before(user, password):
        try:
            await manager.login.check(user, password, address)
        except LoginRefused as error:
            raise Fault(429 if error.slow_down else 401, "Unauthorized", str(error)) from error
    if "persistent-auth" not in prefer:
        # One request, one identity; nothing is kept for it.
        return Identity(Grant("", user, SCOPE_API, 0.0, 0.0, 0.0))
    token = await manager.tokens.issue(user, SCOPE_API)
    cookie = f"{token}.{_CSRF}" if "csrf-protection" in prefer else token
    minutes = manager.settings.token_idle_s // 60
    return Identity(
        await _valid(manager, token),
        {
            "Set-Cookie": f"{COOKIE}={cookie}; Path=/ovirt-engine/api; Secure; HttpOnly; SameSite=Strict",
            "Session-TTL": str(minutes),
        },
    )


async def _valid(manager: Manager, token: str) -> Grant:
    grant = await manager.tokens.use(token)
    if grant is None:
        raise unauthorized()
    return grant


def _cookie(header: str) -> str | None:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None
