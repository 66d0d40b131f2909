# SPDX-License-Identifier: Apache-2.0
"""The API's front: negotiation, authentication, dispatch, and every refusal in the form clients read."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from starlette.requests import ClientDisconnect
from starlette.responses import Response

from ..sso.routes import client_address
from .auth import authenticate, challenge
from .body import MAX_BODY, Body, read_body
from .collections import all_routes
from .faults import Fault, forbidden
from .follow import follow
from .json_codec import write_json
from .negotiation import JSON, XML, check_version, choose_media, correlation_id, read_target
from .request import ApiRequest, Reply
from .router import Router, handler_of
from .xml_codec import write_xml

if TYPE_CHECKING:
    from starlette.requests import Request

    from ..manager import Manager
    from ..sso.tokens import Grant
    from .negotiation import Target
    from .request import Route
    from .tree import Items, Obj

logger = logging.getLogger(__name__)


class Api:
    """Answers everything below ``/ovirt-engine/api``."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager
        self._router = Router(all_routes())

    async def __call__(self, request: Request) -> Response:
        """The endpoint. It always answers in XML or JSON, whatever happens: the SDK reads an HTML error page as a
        wrong content type and hides the reason."""
        correlation = correlation_id(
            request.headers.get("correlation-id") or request.query_params.get("correlation_id")
        )
        headers = {"Correlation-Id": correlation, "Cache-Control": "no-store"}
        raw_path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
        target = read_target(raw_path, request.url.query)
        media = XML
        try:
            media = choose_media(request.headers.get("accept"))
            check_version(request.headers.get("version"))
            identity = await authenticate(self._manager, request.headers, client_address(request))
            headers.update(identity.headers)
            reply = await self._answer(request, target, identity.grant, correlation)
        except Fault as fault:
            if fault.status == 401:
                headers["WWW-Authenticate"] = challenge(request.headers.get("authorization"))
            reply = Reply(fault.document(), fault.status)
        except ClientDisconnect:
            raise
        except Exception:
            logger.exception("%s %s failed [%s]", request.method, raw_path, correlation)
            reply = Reply(Fault(500, "Internal error", f"See the Manager's log for {correlation}.").document(), 500)
        return _response(reply, media, target.base, headers)

    async def _answer(self, request: Request, target: Target, grant: Grant, correlation: str) -> Reply:
        route, ids = self._router.find(target.segments)
        _check_scope(grant, route, request.method)
        handler = handler_of(route, request.method)
        body = Body()
        if request.method in ("POST", "PUT"):
            body = read_body(await _read(request), request.headers.get("content-type", ""))
        reply = await handler(ApiRequest(self._manager, grant, target, ids, body, correlation))
        wanted = target.parameters.get("follow")
        if wanted is None or reply.document is None or request.method not in ("GET", "HEAD"):
            return reply

        async def fetch(address: str) -> Obj | Items | None:
            return await self._fetch(address, target, grant, correlation)

        return replace(reply, document=await follow(reply.document, wanted, fetch))

    async def _fetch(self, address: str, target: Target, grant: Grant, correlation: str) -> Obj | Items | None:
        """What a GET of ``address`` would hold; None when there is nothing or it may not be read."""
        inner = replace(target, segments=tuple(address.strip("/").split("/")), parameters={})
        try:
            route, ids = self._router.find(inner.segments)
            _check_scope(grant, route, "GET")
            reply = await handler_of(route, "GET")(ApiRequest(self._manager, grant, inner, ids, Body(), correlation))
        except Fault as fault:
            logger.debug("follow %s: %s", address, fault)
            return None
        return reply.document.node if reply.document else None


def _check_scope(grant: Grant, route: Route, method: str) -> None:
    if not grant.is_admin and ("GET" if method == "HEAD" else method) not in route.deploy:
        raise forbidden("The deployment's token is not good for this.")


async def _read(request: Request) -> bytes:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > MAX_BODY:
            raise Fault(413, "Request too large", f"more than {MAX_BODY} bytes")
    return bytes(data)


def _response(reply: Reply, media: str, base: str, headers: dict[str, str]) -> Response:
    headers = {**headers, **reply.headers}
    if reply.document is None:
        return Response(None, reply.status, headers)
    if media == JSON:
        return Response(write_json(reply.document, base), reply.status, headers, media_type=JSON)
    return Response(write_xml(reply.document, base), reply.status, {**headers, "Content-Type": f"{XML};charset=UTF-8"})
