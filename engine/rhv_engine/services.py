# SPDX-License-Identifier: Apache-2.0
"""``/ovirt-engine/services/...``: health, info, certificates, enrolment, live hints (docs/architecture.md)."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import serialization
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from . import __version__, events
from .enrolment import TokenRefused
from .pki.authority import certificate_pem
from .pki.signing import CsrRefused, sign_host

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from cryptography import x509
    from starlette.requests import Request

    from .changes import Change
    from .manager import Manager
    from .sso.tokens import Grant

logger = logging.getLogger(__name__)

PREFIX = "/ovirt-engine/services"
_MAX_BODY = 64 * 1024
_HEART_BEAT_S = 15.0
_NO_STORE = {"Cache-Control": "no-store"}


def routes(manager: Manager) -> list[Route]:
    """The services' routes."""
    endpoints = Services(manager)
    return [
        Route(f"{PREFIX}/health", endpoints.health),
        Route(f"{PREFIX}/info", endpoints.info),
        Route(f"{PREFIX}/pki-resource", endpoints.pki_resource),
        Route(f"{PREFIX}/host-enrollment", endpoints.host_enrollment, methods=["POST"]),
        Route(f"{PREFIX}/deployment-finished", endpoints.deployment_finished, methods=["POST"]),
        Route(f"{PREFIX}/changes", endpoints.changes),
    ]


class Services:
    """The endpoints; refusals are ``{"reason", "detail"}`` in JSON."""

    def __init__(self, manager: Manager) -> None:
        self._manager = manager

    async def health(self, _request: Request) -> Response:
        """oVirt's own words, which its roles and its HA agent look for; the database is asked each time."""
        try:
            await self._manager.log.newest(1)
        except Exception:
            logger.exception("the database does not answer")
            return PlainTextResponse("DB Down!", 503, _NO_STORE)
        return PlainTextResponse("DB Up!Welcome to Health Status!", headers={**_NO_STORE, "Content-Type": "text/html"})

    async def info(self, _request: Request) -> Response:
        """What runs here, for whoever has no login."""
        return JSONResponse(
            {
                "product": "cockpit-rhv engine",
                "version": __version__,
                "fqdn": self._manager.settings.fqdn,
                "ca_sha256": self._manager.pki.authority.fingerprint(),
                "deployment_finished": self._manager.enrolment.finished,
            }
        )

    async def pki_resource(self, request: Request) -> Response:
        """The CA or the server's certificate, for everybody (ovirt-api.md §1.3)."""
        query = request.query_params
        certificates = {
            "ca-certificate": self._manager.pki.authority.certificate,
            "qemu-ca-certificate": self._manager.pki.authority.certificate,
            "engine-certificate": self._manager.pki.server_certificate,
        }
        certificate = certificates.get(query.get("resource", ""))
        if certificate is None:
            return PlainTextResponse("Missing or invalid resource name", 400)
        form = query.get("format", "X509-PEM")
        if form == "X509-PEM":
            return Response(certificate_pem(certificate), media_type="application/x-x509-cert")
        if form == "X509-PEM-CA":
            return Response(certificate_pem(certificate), media_type="application/x-x509-ca-cert")
        if form == "OPENSSH-PUBKEY":
            return PlainTextResponse(_ssh_key(certificate, query.get("alias", "ovirt-engine")))
        return PlainTextResponse("Invalid format", 400)

    async def host_enrollment(self, request: Request) -> Response:
        """Sign a host's request, for the one-time token or the deployment's bearer."""
        document = await _read_json(request)
        if document is None or not all(isinstance(document.get(key), str) for key in ("csr", "name", "address")):
            return _refused(400, "Incomplete parameters", "csr, name and address are needed, all text")
        csr, name, address = (str(document[key]) for key in ("csr", "name", "address"))

        def issue() -> bytes:
            self._check_not_other_host(name, address)
            manager = self._manager
            reserved = {manager.settings.fqdn, "localhost", "127.0.0.1", "::1", *manager.addresses}
            return certificate_pem(sign_host(manager.pki.authority, csr, name, address, reserved))

        token = document.get("token")
        try:
            if isinstance(token, str) and token:
                certificate = await self._manager.enrolment.redeem(token, issue)
                how = "the one-time token"
            else:
                grant = await self._grant(request)
                if grant is None:
                    return _refused(403, "Forbidden", "a token or a bearer of scope rhv-deploy is needed")
                certificate = issue()
                how = "the deployment's key" if not grant.is_admin else "a login"
        except TokenRefused as error:
            logger.warning("enrolment refused: %s", error)
            return _refused(403, "Forbidden", str(error))
        except CsrRefused as error:
            logger.warning("enrolment of %s refused: %s", name[:80], error)
            return _refused(403, "Certificate request refused", str(error))
        await self._manager.log.add(events.certificate_issued(name, address, how))
        return JSONResponse(
            {
                "certificate": certificate.decode("ascii"),
                "ca_certificate": certificate_pem(self._manager.pki.authority.certificate).decode("ascii"),
            },
            headers=_NO_STORE,
        )

    def _check_not_other_host(self, name: str, address: str) -> None:
        """A certificate in the name of a host that is another machine would let one host play the other."""
        for host in self._manager.inventory.hosts.values():
            if (host.name == name) != (host.address == address):
                raise CsrRefused(f"host {host.name} at {host.address} is registered; this would be another one")

    async def deployment_finished(self, request: Request) -> Response:
        """Forget the deployment's key and token."""
        grant = await self._grant(request)
        if grant is None:
            return _refused(403, "Forbidden", "a bearer is needed")
        await self._manager.finish_deployment(grant.user)
        return JSONResponse({}, headers=_NO_STORE)

    async def changes(self, request: Request) -> Response:
        """Server-sent events: ``data: {"collection": "hosts", "id": "..."}``, a comment every 15 s, an ``event:
        expired`` at the token's end. A hint says where to look, never what is there; a stream that was interrupted
        starts with everything unknown, so read again after connecting."""
        grant = await self._grant(request)
        if grant is None or not grant.is_admin:
            return _refused(401, "Unauthorized", "a bearer of an administrator is needed")
        token = _bearer(request)
        headers = {**_NO_STORE, "X-Accel-Buffering": "no"}
        return StreamingResponse(self._hints(request, token), media_type="text/event-stream", headers=headers)

    async def _hints(self, request: Request, token: str) -> AsyncIterator[bytes]:
        # uvicorn drops in silence what is sent to a client that has gone, so its going must be watched for.
        gone = asyncio.create_task(_disconnected(request))
        with self._manager.changes.subscribe() as subscription:
            try:
                yield b": connected\n\n"
                # Watching is no use of the session: who only watches is logged out like anybody who went away.
                while self._manager.tokens.peek(token) is not None:
                    changes = await _first(subscription.take(), gone)
                    if gone.done() or subscription.closed:
                        return
                    yield _event_stream(changes) if changes else b": still here\n\n"
                yield b"event: expired\ndata: {}\n\n"
            finally:
                gone.cancel()

    async def _grant(self, request: Request) -> Grant | None:
        token = _bearer(request)
        return await self._manager.tokens.use(token) if token else None


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _first(changes: Coroutine[None, None, list[Change]], gone: asyncio.Task[None]) -> list[Change]:
    """The changes; none when the client goes first or nothing happens for a heart-beat's time."""
    taking = asyncio.create_task(changes)
    either: set[asyncio.Task[Any]] = {taking, gone}
    try:
        await asyncio.wait(either, timeout=_HEART_BEAT_S, return_when=asyncio.FIRST_COMPLETED)
        return taking.result() if taking.done() else []
    finally:
        taking.cancel()


def _event_stream(changes: list[Change]) -> bytes:
    lines = (json.dumps({"collection": collection, "id": id_}) for collection, id_ in changes)
    return "".join(f"data: {line}\n\n" for line in lines).encode("ascii")


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def _read_json(request: Request) -> dict[str, object] | None:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > _MAX_BODY:
            return None
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _refused(status: int, reason: str, detail: str) -> Response:
    return JSONResponse({"reason": reason, "detail": detail}, status, _NO_STORE)


def _ssh_key(certificate: x509.Certificate, alias: str) -> str:
    key = certificate.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    comment = "".join(letter for letter in alias if letter.isprintable())[:100]
    return f"{key.decode('ascii')} {comment}\n"
