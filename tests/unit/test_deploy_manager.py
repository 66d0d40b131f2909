# SPDX-License-Identifier: Apache-2.0
"""The Manager's client against HTTPS servers that are not what they should be, and the agent's certificate."""

from __future__ import annotations

import datetime
import hashlib
import http.server
import ipaddress
import json
import ssl
import stat
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from cockpit_rhv.deploy import enroll
from cockpit_rhv.deploy.assertion import sign_assertion
from cockpit_rhv.deploy.manager import HEALTHY, Manager, fetch_proved_ca
from cockpit_rhv.errors import RhvError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FQDN = "engine.example.test"
PKI = "/ovirt-engine/services/pki-resource"


@dataclass
class Ca:
    """A CA with an EC key."""

    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self.certificate = self.sign(self.name, self.key.public_key(), [], authority=True)

    def sign(self, subject: str, key: Any, names: list[x509.GeneralName], authority: bool = False) -> x509.Certificate:
        now = datetime.datetime.now(datetime.timezone.utc)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)]))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.certificate.public_bytes(serialization.Encoding.DER)).hexdigest()


@dataclass
class Server:
    """What the test's HTTPS server answers, by path; what it was asked."""

    ca: Ca
    port: int = 0
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def serve(folder: Path, ca: Ca, name: str = FQDN) -> Iterator[Server]:
    """An HTTPS server whose certificate is for ``name`` and of ``ca``."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = ca.sign(name, key.public_key(), [x509.DNSName(name)])
    chain = folder / f"{name}.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + private)
    state = Server(ca)
    state.answers[PKI] = (200, ca.pem.encode())

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            path = self.path.partition("?")[0]
            state.asked.append((self.command, self.path, dict(self.headers), self.rfile.read(length)))
            status, body = state.answers.get(path, (404, b"no such page"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

        def log_message(self, *_args: Any) -> None:
            """Tests are silent."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def ca() -> Ca:
    return Ca("right CA")


@pytest.fixture
def server(tmp_path: Path, ca: Ca) -> Iterator[Server]:
    with serve(tmp_path, ca) as state:
        yield state


def client(server: Server, ca: Ca) -> Manager:
    return Manager("127.0.0.1", FQDN, ca.pem, server.port, timeout_s=3)


def code(call: Any, *arguments: Any, **options: Any) -> str:
    with pytest.raises(RhvError) as caught:
        call(*arguments, **options)
    return caught.value.code


# -- trust ------------------------------------------------------------------------------------------------------------


def test_the_ca_of_first_contact_is_accepted(server: Server, ca: Ca) -> None:
    pem = fetch_proved_ca("127.0.0.1", FQDN, ca.fingerprint, server.port)
    assert ssl.PEM_cert_to_DER_cert(pem) == ssl.PEM_cert_to_DER_cert(ca.pem)


def test_another_ca_is_refused(server: Server) -> None:
    assert code(fetch_proved_ca, "127.0.0.1", FQDN, Ca("other").fingerprint, server.port) == "manager.wrong_ca"


def test_a_second_certificate_is_not_taken_along(server: Server, ca: Ca) -> None:
    # The first block is the right CA; a careless reader would trust the second one, too.
    server.answers[PKI] = (200, (ca.pem + Ca("stowaway").pem).encode())
    assert code(fetch_proved_ca, "127.0.0.1", FQDN, ca.fingerprint, server.port) == "manager.odd_answer"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"]
)
def test_no_certificate_at_all(server: Server, ca: Ca, body: bytes) -> None:
    server.answers[PKI] = (200, body)
    assert code(fetch_proved_ca, "127.0.0.1", FQDN, ca.fingerprint, server.port) in (
        "manager.odd_answer",
        "manager.wrong_ca",
    )


def test_an_error_page_is_no_ca(server: Server, ca: Ca) -> None:
    server.answers[PKI] = (503, ca.pem.encode())
    assert code(fetch_proved_ca, "127.0.0.1", FQDN, ca.fingerprint, server.port) == "manager.odd_answer"


def test_a_server_of_another_ca_gets_no_request(tmp_path: Path, ca: Ca) -> None:
    with serve(tmp_path, Ca("right CA")) as impostor:  # the same name, another key
        assert code(client(impostor, ca).healthy) == "manager.untrusted"
        assert impostor.asked == []


def test_a_host_of_the_same_ca_is_not_the_manager(tmp_path: Path, ca: Ca) -> None:
    with serve(tmp_path, ca, name="host1.example.test") as other:
        assert code(client(other, ca).healthy) == "manager.untrusted"
        assert other.asked == []


def test_nobody_listens(server: Server, ca: Ca) -> None:
    assert code(Manager("127.0.0.1", FQDN, ca.pem, 1, timeout_s=1).healthy) == "manager.unreachable"


# -- answers ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "healthy"),
    [(200, HEALTHY.encode(), True), (200, b"DB Up!", False), (503, HEALTHY.encode(), False), (200, b"\xff", False)],
)
def test_health(server: Server, ca: Ca, status: int, body: bytes, healthy: bool) -> None:
    server.answers["/ovirt-engine/services/health"] = (status, body)
    assert client(server, ca).healthy() is healthy


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (403, b'{"reason": "token"}', "manager.refused"),
        (500, b"Traceback", "manager.odd_answer"),
        (200, b"not json", "manager.odd_answer"),
        (200, b"[]", "manager.odd_answer"),
        (200, b"{}", "manager.odd_answer"),
        (200, b'{"certificate": 5}', "manager.odd_answer"),
        (200, b"[" * 5000, "manager.odd_answer"),
    ],
)
def test_odd_answers(server: Server, ca: Ca, status: int, body: bytes, expected: str) -> None:
    server.answers["/ovirt-engine/services/host-enrollment"] = (status, body)
    assert code(client(server, ca).enrol, "csr", "h", "192.0.2.1", token="t") == expected


def test_token_and_bearer_travel_where_they_belong(server: Server, ca: Ca) -> None:
    server.answers["/ovirt-engine/services/host-enrollment"] = (200, b'{"certificate": "pem"}')
    manager = client(server, ca)
    manager.enrol("csr", "h", "192.0.2.1", token="one-time")
    manager.enrol("csr", "h", "192.0.2.1", bearer="bear")
    (_, path, headers, body), (_, _, second, other) = server.asked
    assert "one-time" not in path
    assert "Authorization" not in headers
    assert json.loads(body)["token"] == "one-time"
    assert second["Authorization"] == "Bearer bear"
    assert "token" not in json.loads(other)


def test_an_assertion_is_signed_and_used_once() -> None:
    import base64

    key = ed25519.Ed25519PrivateKey.generate()
    first, second = sign_assertion(key, 1000.0), sign_assertion(key, 1000.0)
    assert first != second
    head, body, signature = first.split(".")
    key.public_key().verify(base64.urlsafe_b64decode(signature + "=="), f"{head}.{body}".encode())
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    assert (claims["iss"], claims["aud"], claims["exp"]) == ("rhv-job", "rhv-engine", 1300)


# -- the agent's certificate ------------------------------------------------------------------------------------------


def test_the_key_is_kept_and_root_only(tmp_path: Path) -> None:
    key = enroll.ensure_key(tmp_path / "pki")
    path = tmp_path / "pki" / "agent.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    content = path.read_bytes()
    assert enroll.ensure_key(tmp_path / "pki").private_numbers() == key.private_numbers()
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_key_that_cannot_be_read_is_replaced(tmp_path: Path, content: bytes) -> None:
    folder = tmp_path / "pki"
    folder.mkdir()
    (folder / "agent.key").write_bytes(content)
    enroll.ensure_key(folder)
    assert b"BEGIN PRIVATE KEY" in (folder / "agent.key").read_bytes()


def test_the_request_names_host_and_address() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.load_pem_x509_csr(enroll.make_request(key, "host1.example.com", "192.0.2.10").encode())
    assert request.is_signature_valid
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["host1.example.com"]
    assert names.get_values_for_type(x509.IPAddress) == [ipaddress.ip_address("192.0.2.10")]


def issued(ca: Ca, key: Any, address: str = "192.0.2.10") -> bytes:
    names: list[x509.GeneralName] = [x509.DNSName("host1"), x509.IPAddress(ipaddress.ip_address(address))]
    return ca.sign("host1", key, names).public_bytes(serialization.Encoding.PEM)


def test_only_a_certificate_of_this_ca_for_this_key_and_address_is_installed(tmp_path: Path, ca: Ca) -> None:
    key = enroll.ensure_key(tmp_path)
    good = issued(ca, key.public_key())
    assert enroll.certificate_fits(good, ca.pem, key, "192.0.2.10") is None
    bad = {
        "another CA of the same name": issued(Ca("right CA"), key.public_key()),
        "another key": issued(ca, ec.generate_private_key(ec.SECP256R1()).public_key()),
        "another address": issued(ca, key.public_key(), "192.0.2.99"),
        "no certificate": b"nonsense",
    }
    for what, certificate in bad.items():
        assert enroll.certificate_fits(certificate, ca.pem, key, "192.0.2.10"), what
        assert (
            code(enroll.install, tmp_path, certificate.decode(), ca.pem, key, "192.0.2.10")
            == "enroll.wrong_certificate"
        )
    assert not (tmp_path / "agent.pem").exists()
    enroll.install(tmp_path, good.decode(), ca.pem, key, "192.0.2.10")
    assert (tmp_path / "agent.pem").read_bytes() == good
    assert (tmp_path / "ca.pem").read_text() == ca.pem
