# SPDX-License-Identifier: Apache-2.0
"""A real Manager as a process on a loopback port, and hosts enrolled with it the way the deployment does it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import signal
import socket
import ssl
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
USER = "admin@internal"
PASSWORD = "correct horse battery"
TOKEN = secrets.token_urlsafe(24)
START_S = 90.0


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def password_hash(password: str) -> str:
    """As docs/architecture.md has it."""
    salt = os.urandom(16)
    digest = hashlib.scrypt(password.encode(), salt=salt, n=16384, r=8, p=1, dklen=32)
    return f"scrypt$16384$8$1${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


def settings(job_key: ed25519.Ed25519PrivateKey, **more: Any) -> dict[str, Any]:
    """What the config drive's ``rhv-engine.json`` says."""
    public = job_key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {
        "version": 1,
        "fqdn": "engine.example.test",
        "admin": {"user": USER, "password_hash": password_hash(PASSWORD)},
        "enrollment": {"token_sha256": hashlib.sha256(TOKEN.encode()).hexdigest(), "valid_s": 3600},
        "job_public_key": public.decode(),
        **more,
    }


@dataclass
class ManagerProcess:
    """One Manager; :meth:`start` and :meth:`stop` as often as needed, the state stays."""

    folder: Path
    more: dict[str, Any] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    job_key: ed25519.Ed25519PrivateKey = field(default_factory=ed25519.Ed25519PrivateKey.generate)
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.write_settings()
        self.first_contact.touch()
        self.console.touch()

    def write_settings(self, **more: Any) -> None:
        """Replace the settings file; takes effect at the next start."""
        self.more |= more
        (self.folder / "engine.json").write_text(json.dumps(settings(self.job_key, **self.more)))

    @property
    def first_contact(self) -> Path:
        return self.folder / "first-contact"

    @property
    def console(self) -> Path:
        return self.folder / "console"

    @property
    def ca_file(self) -> Path:
        return self.folder / "state/pki/ca.pem"

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}/ovirt-engine"

    def start(self, *arguments: str) -> float:
        """Start and wait for its health; the seconds that took."""
        began = time.monotonic()
        log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [
                sys.executable, "-m", "rhv_engine", "--config", self.folder / "engine.json",
                "--state", self.folder / "state", "--portal", self.folder / "portal",
                "--bind", "127.0.0.1", "--port", str(self.port),
                "--first-contact", self.first_contact, "--console", self.console, *arguments,
            ],
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'bridge'}:{ROOT / 'engine'}"},
            stdout=log, stderr=log,
        )  # fmt: skip
        while True:
            if self.process.poll() is not None or time.monotonic() - began > START_S:
                raise AssertionError(f"the Manager did not start:\n{self.log()}")
            try:
                if self.ca_file.exists() and self.get("/services/health").status_code == 200:
                    return time.monotonic() - began
            except httpx.TransportError:
                pass
            time.sleep(0.02)

    def stop(self) -> int:
        """End it as systemd does; its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def client(self) -> httpx.Client:
        """A client that trusts the Manager's CA."""
        return httpx.Client(verify=ssl.create_default_context(cafile=str(self.ca_file)), timeout=60)

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """One request below /ovirt-engine."""
        with self.client() as client:
            return client.request(method, self.url + path, **options)

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.request("GET", path, **options)

    def login(self, user: str = USER, password: str = PASSWORD) -> httpx.Response:
        form = {"grant_type": "password", "scope": "ovirt-app-api", "username": user, "password": password}
        return self.request("POST", "/sso/oauth/token", data=form)

    def admin(self, accept: str = "application/json") -> dict[str, str]:
        """Headers of an administrator."""
        return {"Authorization": f"Bearer {self.login().json()['access_token']}", "Accept": accept}

    def job(self, assertion: str | None = None) -> httpx.Response:
        """Exchange an assertion of the job's key for a token."""
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "scope": "rhv-deploy",
            "assertion": assertion or sign_assertion(self.job_key),
        }
        return self.request("POST", "/sso/oauth/token", data=form)

    def deployer(self) -> dict[str, str]:
        """Headers of the deployment's job."""
        return {"Authorization": f"Bearer {self.job().json()['access_token']}", "Accept": "application/json"}

    def enrol(self, csr: str, name: str, address: str, token: str | None = TOKEN, **options: Any) -> httpx.Response:
        document = {"csr": csr, "name": name, "address": address, **({"token": token} if token else {})}
        return self.request("POST", "/services/host-enrollment", json=document, **options)

    def add_host(self, name: str, address: str, port: int) -> str:
        """Register a host as the deployment does; its id."""
        document = {"name": name, "address": address, "port": port}
        answer = self.request("POST", "/api/hosts", json=document, headers=self.deployer())
        assert answer.status_code in (200, 201), answer.text
        return str(answer.json()["id"])


def _part(value: dict[str, Any] | bytes) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign_assertion(
    key: ed25519.Ed25519PrivateKey, header: dict[str, Any] | None = None, drop: Sequence[str] = (), **claims: Any
) -> str:
    """A JWT of the job; ``claims`` replace or add, ``drop`` leaves some out."""
    all_claims = {
        "iss": "rhv-job", "aud": "rhv-engine", "exp": time.time() + 300, "jti": secrets.token_hex(16), **claims,
    }  # fmt: skip
    for name in drop:
        del all_claims[name]
    head = f"{_part(header or {'alg': 'EdDSA', 'typ': 'JWT'})}.{_part(all_claims)}"
    return f"{head}.{_part(key.sign(head.encode()))}"


def make_csr(*names: x509.GeneralName, common_name: str | None = None, key: Any = None) -> tuple[Any, str]:
    """A key and a request for it, PEM."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(subject))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return key, builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def write_key(path: Path, key: Any) -> None:
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def enrol_folder(manager: ManagerProcess, folder: Path, name: str, address: str) -> Path:
    """Enrol a host by the job's bearer and lay out ``pki/`` as the agent wants it."""
    key, csr = make_csr(common_name=name)
    answer = manager.enrol(csr, name, address, token=None, headers=manager.deployer())
    assert answer.status_code == 200, answer.text
    pki = folder / "pki"
    pki.mkdir(parents=True)
    write_key(pki / "agent.key", key)
    (pki / "agent.pem").write_text(answer.json()["certificate"])
    (pki / "ca.pem").write_text(answer.json()["ca_certificate"])
    return folder
