# SPDX-License-Identifier: Apache-2.0
"""A real Manager on loopback for the portal's tests: its own CA, its own state, and a real agent as its host, which
serves libvirt's test driver."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import secrets
import socket
import ssl
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(__file__).parents[2]
PORTAL = TOP / "cockpit-rhv" / "dist" / "portal"
FQDN = "localhost"
USER = "admin@internal"
HOST = "node1.example.com"
HOST_ADDRESS = "127.0.0.2"  # 127.0.0.1 is the Manager


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _scrypt(password: str) -> str:
    salt = secrets.token_bytes(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, n=16384, r=8, p=1, dklen=32)
    return f"scrypt$16384$8$1${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


@dataclass
class Manager:
    """The processes and how to talk to them."""

    folder: Path
    port: int = field(default_factory=_free_port)
    agent_port: int = field(default_factory=_free_port)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    enrolment_token: str = field(default_factory=secrets.token_urlsafe)
    _engine: subprocess.Popen[bytes] | None = None
    _agent: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The portal's address."""
        return f"https://{FQDN}:{self.port}/ovirt-engine/"

    def start(self) -> None:
        """Start the engine and wait until it answers."""
        config = self.folder / "engine.json"
        config.write_text(
            json.dumps(
                {
                    "version": 1,
                    "fqdn": FQDN,
                    "admin": {"user": USER, "password_hash": _scrypt(self.password)},
                    "enrollment": {
                        "token_sha256": hashlib.sha256(self.enrolment_token.encode()).hexdigest(),
                        "valid_s": 3600,
                    },
                    "timing": {"poll_s": 2, "answer_s": 4, "connect_s": 4, "grace_s": 3, "retry_max_s": 1},
                }
            )
        )
        state = self.folder / "state"
        state.mkdir()
        self._engine = self._spawn(
            "engine", "rhv_engine", "--config", str(config), "--state", str(state), "--port", str(self.port),
            "--bind", "127.0.0.1", "--portal", str(PORTAL),
        )  # fmt: skip
        until("the Manager answers", self._healthy, limit_s=30)

    def stop(self) -> None:
        """Stop what runs."""
        for process in (self._agent, self._engine):
            if process is not None and process.poll() is None:
                process.terminate()
                process.wait(10)

    def _spawn(self, name: str, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        environment = os.environ | {"PYTHONPATH": f"{TOP / 'bridge'}:{TOP / 'engine'}"}
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", module, *arguments], env=environment, stdout=log, stderr=log, cwd=TOP
            )

    def _healthy(self) -> bool:
        assert self._engine is not None
        assert self._engine.poll() is None, (self.folder / "engine.log").read_text()
        try:
            return self.request("GET", "services/health")[0] == 200
        except OSError:
            return False

    def request(
        self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """One request to the engine from outside of the browser."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=10)
        try:
            connection.request(method, f"/ovirt-engine/{path}", body, headers or {})
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def ca(self) -> x509.Certificate:
        """The engine's CA."""
        path = "services/pki-resource?resource=ca-certificate&format=X509-PEM-CA"
        return x509.load_pem_x509_certificate(self.request("GET", path)[1])

    def server_key_pin(self) -> str:
        """SHA-256 of the server's public key, as Chromium's ``--ignore-certificate-errors-spki-list`` wants it."""
        pem = ssl.get_server_certificate(("127.0.0.1", self.port))
        key = x509.load_pem_x509_certificate(pem.encode()).public_key()
        der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return base64.b64encode(hashlib.sha256(der).digest()).decode()

    def token(self) -> str:
        """A bearer token of the administrator."""
        form = urlencode(
            {"grant_type": "password", "scope": "ovirt-app-api", "username": USER, "password": self.password}
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        answer = json.loads(self.request("POST", "sso/oauth/token", form.encode(), headers)[1])
        return str(answer["access_token"])

    def api(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """One request to the API in JSON."""
        headers = {
            "Authorization": f"Bearer {self.token()}", "Accept": "application/json", "Content-Type": "application/json",
        }  # fmt: skip
        status, answer = self.request(method, f"api/{path}", json.dumps(body).encode() if body else None, headers)
        assert status in (200, 201, 202), (status, answer)
        return dict(json.loads(answer))

    def add_host(self) -> str:
        """Enrol an agent, start it, register it; returns the host's id."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
        body = {
            "token": self.enrolment_token,
            "csr": request.public_bytes(serialization.Encoding.PEM).decode(),
            "name": HOST,
            "address": HOST_ADDRESS,
        }
        status, answer = self.request(
            "POST", "services/host-enrollment", json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        assert status == 200, answer
        pki = self.folder / "agent" / "pki"
        pki.mkdir(parents=True)
        (pki / "agent.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        (pki / "agent.pem").write_text(json.loads(answer)["certificate"])
        (pki / "ca.pem").write_text(json.loads(answer)["ca_certificate"])
        self.start_agent()
        host = self.api("POST", "hosts", {"name": HOST, "address": HOST_ADDRESS, "port": self.agent_port})
        return str(host["id"])

    def start_agent(self) -> None:
        """Start the enrolled agent."""
        self._agent = self._spawn(
            "agent", "cockpit_rhv.agent", "--config", str(self.folder / "agent"), "--bind", HOST_ADDRESS,
            "--port", str(self.agent_port), "--libvirt-uri", "test:///default",
            "--state", str(self.folder / "agent.json"),
        )  # fmt: skip

    def stop_agent(self) -> None:
        """As if the host had lost its power."""
        assert self._agent is not None
        self._agent.kill()
        self._agent.wait(10)


@contextmanager
def manager(folder: Path) -> Iterator[Manager]:
    """A running Manager without hosts."""
    started = Manager(folder)
    try:
        started.start()
        yield started
    finally:
        started.stop()
