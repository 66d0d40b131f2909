# SPDX-License-Identifier: Apache-2.0
"""``/ovirt-engine/sso/...`` and ``/ovirt-engine/services/sso-logout`` (ovirt-api.md §1.1)."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.responses import JSONResponse
from starlette.routing import Route

from .. import events
from .assertions import AssertionRefused
from .login import LoginRefused
from .tokens import SCOPE_API, SCOPE_DEPLOY

if TYPE_CHECKING:
    from starlette.requests import Request

    from ..manager import Manager

logger = logging.getLogger(__name__)

PASSWORD = "password"  # noqa: S105 the grant's name, RFC 6749
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
JOB_USER = "rhv-job"
_MAX_FORM = 64 * 1024


def routes(manager: Manager) -> list[Route]:
    """The sign-on's routes."""
    endpoints = Sso(manager)
    return [
        Route("/ovirt-engine/sso/oauth/token", endpoints.token, methods=["POST"]),
        Route("/ovirt-engine/sso/oauth/token-info", endpoints.token_info, methods=["POST"]),
        Route("/ovirt-engine/sso/oauth/revoke", endpoints.logout, methods=["POST"]),
        Route("/ovirt-engine/services/sso-logout", endpoints.logout, methods=["POST"]),
    ]


class Sso:
    """The endpoints. The SDK never looks at the status code: a JSON ``error`` is what it needs, and what the real
    engine sends for its own scope is ``error_code`` and ``error``, for any other ``error`` and ``error_description``.
    """

    def __init__(self, manager: Manager) -> None:
        self._manager = manager

    async def token(self, request: Request) -> JSONResponse:
        """``grant_type=password`` for people, the JWT grant of RFC 7523 for the deployment's job."""
        form = await read_form(request)
        if form is None:
            return _error(413, "invalid_request", "The request is too large.")
        grant_type = form.get("grant_type")
        if grant_type == PASSWORD:
            return await self._password(form, client_address(request))
        if grant_type == JWT_BEARER:
            return await self._assertion(form)
        return _error(400, "unsupported_grant_type", f"The grant type {str(grant_type)[:80]!r} is not supported.")

    async def _password(self, form: dict[str, str], address: str) -> JSONResponse:
        scopes = form.get("scope", "").split()
        if SCOPE_API not in scopes:
            return _error(400, "invalid_scope", f"The scope must be {SCOPE_API}.")
        user = form.get("username", "")
        try:
            await self._manager.login.check(user, form.get("password", ""), address)
        except LoginRefused as error:
            status = 429 if error.slow_down else 400
            return JSONResponse({"error_code": "access_denied", "error": str(error)}, status, _NO_STORE)
        return await self._issue(user, SCOPE_API, f"ovirt-app-admin {SCOPE_API} ovirt-app-portal")

    async def _assertion(self, form: dict[str, str]) -> JSONResponse:
        if form.get("scope") != SCOPE_DEPLOY:
            return _error(400, "invalid_scope", f"The scope must be {SCOPE_DEPLOY}.")
        assertions = self._manager.assertions
        if assertions is None or self._manager.enrolment.finished:
            return _error(400, "invalid_grant", "The deployment is finished.")
        try:
            await assertions.accept(form.get("assertion", ""))
        except AssertionRefused as error:
            logger.warning("assertion refused: %s", error)
            return _error(400, "invalid_grant", str(error))
        return await self._issue(JOB_USER, SCOPE_DEPLOY, SCOPE_DEPLOY)

    async def _issue(self, user: str, scope: str, shown_scope: str) -> JSONResponse:
        token = await self._manager.tokens.issue(user, scope)
        settings = self._manager.settings
        return JSONResponse(
            {
                "access_token": token,
                "scope": shown_scope,
                "exp": str(round((time.time() + settings.token_life_s) * 1000)),
                "expires_in": settings.token_idle_s,
                "token_type": "bearer",
            },
            headers=_NO_STORE,
        )

    async def token_info(self, request: Request) -> JSONResponse:
        """What a token is; asking does not keep it alive. An unknown one is ``{"active": false}``."""
        form = await read_form(request)
        grant = self._manager.tokens.peek(form.get("token", "")) if form else None
        if grant is None:
            return JSONResponse({"active": False}, headers=_NO_STORE)
        left_s = self._manager.tokens.life_left_s(grant)
        return JSONResponse(
            {
                "active": True,
                "user_id": grant.user,
                "user_name": grant.user,
                "scope": grant.scope,
                "expires_in": round(left_s),
                "exp": str(round((time.time() + left_s) * 1000)),
                "token_type": "bearer",
            },
            headers=_NO_STORE,
        )

    async def logout(self, request: Request) -> JSONResponse:
        """Ends a token; an unknown one is no error, as in RFC 7009."""
        form = await read_form(request)
        grant = await self._manager.tokens.revoke(form.get("token", "")) if form else None
        if grant is not None:
            await self._manager.log.add(events.logged_out(grant.user))
        return JSONResponse({}, headers=_NO_STORE)


_NO_STORE = {"Cache-Control": "no-store"}


async def read_form(request: Request) -> dict[str, str] | None:
    """The fields of a urlencoded body; of a repeated one the last. None when the body is too large."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > _MAX_FORM:
            return None
    return dict(parse_qsl(data.decode("utf-8", "replace"), keep_blank_values=True))


def client_address(request: Request) -> str:
    """Address of the other end; there is no proxy in front whose word would count."""
    return request.client.host if request.client else ""


def _error(status: int, code: str, text: str) -> JSONResponse:
    return JSONResponse({"error": code, "error_description": text}, status, _NO_STORE)
