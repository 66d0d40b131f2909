# SPDX-License-Identifier: Apache-2.0
"""Talks to the Manager over HTTPS, trusting its own CA only. Endpoints: docs/architecture.md.

``http.client`` and not a library: the same code runs on a host with the distribution's packages only.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import socket
import ssl
import urllib.parse
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import msg
from .assertion import sign_assertion

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PORT = 443
TIMEOUT_S = 10.0
HEALTHY = "DB Up!Welcome to Health Status!"
_LIMIT = 2**20
_SERVICES = "/ovirt-engine/services"
_CA_PATH = f"{_SERVICES}/pki-resource?resource=ca-certificate&format=X509-PEM-CA"


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; ``body`` at most 1 MiB. ``date_s``: the Manager's clock, epoch seconds, or None."""

    status: int
    body: bytes
    date_s: float | None = None

    def json(self) -> dict[str, Any]:
        """Raises RhvError ``manager.odd_answer`` when it is no JSON object."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise odd_answer(self, str(error)) from error
        if not isinstance(value, dict):
            raise odd_answer(self, "no JSON object")
        return value


class _Connection(http.client.HTTPSConnection):
    """Connects to an address and asks for the certificate of a name: the name need not resolve for that."""

    def __init__(self, address: str, port: int, name: str, context: ssl.SSLContext, timeout_s: float) -> None:
        super().__init__(address, port, timeout=timeout_s, context=context)
        self._name = name
        self._tls = context

    def connect(self) -> None:
        plain = socket.create_connection((self.host, self.port), self.timeout)
        try:
            self.sock = self._tls.wrap_socket(plain, server_hostname=self._name)
        except BaseException:
            plain.close()
            raise


def fetch_proved_ca(address: str, fqdn: str, fingerprint: str, port: int = PORT) -> str:
    """The Manager's CA (PEM), fetched without trust and proved by its SHA-256 from first contact.

    Raises RhvError ``manager.wrong_ca`` when it is another one, ``manager.unreachable``, ``manager.odd_answer``.
    """
    blind = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Nothing can be verified yet; the fingerprint below is the proof.
    blind.check_hostname = False
    blind.verify_mode = ssl.CERT_NONE
    answer = _exchange(_Connection(address, port, fqdn, blind, TIMEOUT_S), "GET", _CA_PATH, None, {})
    if answer.status != 200:
        raise odd_answer(answer, _CA_PATH)
    try:
        pem = answer.body.decode("ascii")
        if pem.count("-----BEGIN ") != 1:
            raise ValueError("not one certificate")
        der = ssl.PEM_cert_to_DER_cert(pem.strip())
    except ValueError as error:
        raise odd_answer(answer, f"no certificate in PEM: {error}") from error
    found = hashlib.sha256(der).hexdigest()
    if not hmac.compare_digest(found, fingerprint):
        raise RhvError(
            "manager.wrong_ca",
            msg(
                "manager.wrong_ca", "The machine at {address} is not the engine VM: it has another CA.", address=address
            ),
            msg(
                "manager.wrong_ca.hint",
                "Find out who else has that address; the deployment trusts no one it cannot prove.",
            ),
            f"SHA-256 expected {fingerprint}, found {found}",
        )
    # Written anew: what was proved is kept, not what was sent.
    return ssl.DER_cert_to_PEM_cert(der)


class Manager:
    """One Manager whose CA is pinned. Every method blocks, at most ``timeout_s`` seconds per network step.

    Each raises RhvError ``manager.unreachable``, ``manager.untrusted``, ``manager.refused`` or ``manager.odd_answer``.
    """

    def __init__(self, address: str, fqdn: str, ca_pem: str, port: int = PORT, timeout_s: float = TIMEOUT_S) -> None:
        self.address = address
        self._fqdn = fqdn
        self._port = port
        self._timeout_s = timeout_s
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._context.load_verify_locations(cadata=ca_pem)

    def healthy(self) -> bool:
        """The Manager and its database work."""
        answer = self._ask("GET", f"{_SERVICES}/health")
        return answer.status == 200 and answer.body.decode("utf-8", "replace").strip() == HEALTHY

    def version(self) -> str:
        """Its version."""
        return str(self._good(self._ask("GET", f"{_SERVICES}/info")).json().get("version", ""))

    def bearer(self, key: Ed25519PrivateKey) -> str:
        """A token of scope ``rhv-deploy`` for the job's key."""
        # The Manager judges the assertion's age by its own clock, which need not be this host's.
        now = self._ask("GET", f"{_SERVICES}/info").date_s
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "scope": "rhv-deploy",
            "assertion": sign_assertion(key, now),
        }
        answer = self._good(
            self._ask(
                "POST",
                "/ovirt-engine/sso/oauth/token",
                urllib.parse.urlencode(form).encode("ascii"),
                {"Content-Type": "application/x-www-form-urlencoded"},
            )
        )
        token = answer.json().get("access_token")
        if not isinstance(token, str) or not token:
            raise odd_answer(answer, "no access_token")
        return token

    def enrol(self, csr: str, name: str, address: str, *, token: str | None = None, bearer: str | None = None) -> str:
        """The agent's certificate (PEM) for this request, by the one-time token or as bearer."""
        request = {"csr": csr, "name": name, "address": address, **({"token": token} if token else {})}
        answer = self._good(self._post(f"{_SERVICES}/host-enrollment", request, bearer))
        certificate = answer.json().get("certificate")
        if not isinstance(certificate, str):
            raise odd_answer(answer, "no certificate")
        return certificate

    def add_host(self, bearer: str, name: str, address: str, port: int) -> str:
        """Register a host and return its id; one of that name and address is not added twice."""
        answer = self._good(
            self._post("/ovirt-engine/api/hosts", {"name": name, "address": address, "port": port}, bearer)
        )
        host = answer.json().get("id")
        if not isinstance(host, str) or not host:
            raise odd_answer(answer, "no id")
        return host

    def change_host(self, bearer: str, host_id: str, name: str, address: str) -> None:
        """Give a registered host another name and address; nothing for one that somebody has removed."""
        body = json.dumps({"name": name, "address": address}).encode("ascii")
        headers = {"Content-Type": "application/json", **_authorized(bearer)}
        answer = self._ask("PUT", _host(host_id), body, headers)
        if answer.status != 404:
            self._good(answer)

    def host_status(self, bearer: str, host_id: str) -> str:
        """The API's word: up, installing, non_responsive…"""
        return str(
            self._good(self._ask("GET", _host(host_id), None, _authorized(bearer))).json().get("status", "unknown")
        )

    def finish(self, bearer: str) -> None:
        """Let the Manager forget the job's key and the token."""
        self._good(self._post(f"{_SERVICES}/deployment-finished", {}, bearer))

    def _post(self, path: str, value: dict[str, Any], bearer: str | None) -> Answer:
        headers = {"Content-Type": "application/json", **_authorized(bearer)}
        return self._ask("POST", path, json.dumps(value).encode("ascii"), headers)

    def _ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        connection = _Connection(self.address, self._port, self._fqdn, self._context, self._timeout_s)
        return _exchange(connection, method, path, body, {"Accept": "application/json", **(headers or {})})

    @staticmethod
    def _good(answer: Answer) -> Answer:
        if answer.status in (200, 201, 202):
            return answer
        text = answer.body.decode("utf-8", "replace")[:1000]
        if answer.status in (400, 401, 403, 409):
            raise RhvError(
                "manager.refused",
                msg("manager.refused", "The Manager refused a request (HTTP {status}).", status=answer.status),
                detail=text,
            )
        raise odd_answer(answer, text)


def _host(host_id: str) -> str:
    return f"/ovirt-engine/api/hosts/{urllib.parse.quote(host_id, safe='')}"


def _date_s(header: str | None) -> float | None:
    try:
        return None if header is None else parsedate_to_datetime(header).timestamp()
    except (TypeError, ValueError):
        return None


def _authorized(bearer: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {bearer}"} if bearer else {}


def _exchange(connection: _Connection, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Answer:
    where = f"{connection.host}:{connection.port}"
    try:
        connection.request(method, path, body, {**headers, "Connection": "close"})
        response = connection.getresponse()
        return Answer(response.status, response.read(_LIMIT), _date_s(response.getheader("Date")))
    except ssl.SSLCertVerificationError as error:
        raise RhvError(
            "manager.untrusted",
            msg(
                "manager.untrusted",
                "The machine at {where} shows a certificate that is not the Manager's.",
                where=where,
            ),
            msg("manager.untrusted.hint", "Find out who else has that address."),
            str(error),
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise RhvError(
            "manager.unreachable",
            msg("manager.unreachable", "The Manager at {where} does not answer.", where=where),
            None,
            f"{type(error).__name__}: {error}",
        ) from error
    finally:
        connection.close()


def odd_answer(answer: Answer, detail: str) -> RhvError:
    """The Manager said something it should not."""
    return RhvError(
        "manager.odd_answer",
        msg("manager.odd_answer", "The Manager gave an unexpected answer (HTTP {status}).", status=answer.status),
        msg("manager.odd_answer.hint", "Is the appliance of the same version as this package?"),
        detail,
    )
