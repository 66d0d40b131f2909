# SPDX-License-Identifier: Apache-2.0
"""The web application: every route, and the headers every answer carries."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.routing import Route, Router

from . import portal, services
from .api.app import Api
from .sso import routes as sso

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .manager import Manager

logger = logging.getLogger(__name__)

_SECURITY = {
    "Content-Security-Policy": portal.CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def build_app(manager: Manager, portal_folder: Path) -> ASGIApp:
    """The ASGI application of a manager that has been started."""
    api = Api(manager)

    async def serve_api(request: Request) -> Response:
        return await api(request)

    methods = ["GET", "POST", "PUT", "DELETE", "PATCH"]
    # Not a whole Starlette application: what it adds is unused here and costs a tenth of the start.
    router = Router(
        routes=[
            Route("/ovirt-engine/api", serve_api, methods=methods),
            Route("/ovirt-engine/api/{path:path}", serve_api, methods=methods),
            # Matrix parameters may follow the root itself.
            Route("/ovirt-engine/api;{path:path}", serve_api, methods=methods),
            *sso.routes(manager),
            *services.routes(manager),
            *portal.routes(portal_folder),
        ]
    )
    return _Front(router)


class _Front:
    """Adds the headers to what has none of that name, and lets go of requests whose sender has gone."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _SECURITY.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except ClientDisconnect:
            logger.debug("the client went away: %s %s", scope["method"], scope["path"])
