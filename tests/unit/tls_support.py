# SPDX-License-Identifier: Apache-2.0
"""A certificate authority for tests, and the certificates it issues."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path

_HOUR = datetime.timedelta(hours=1)
_PEM = serialization.Encoding.PEM


class Authority:
    """Its certificate is ``ca``; :meth:`issue` writes further files into the same folder."""

    def __init__(self, folder: Path, name: str = "test CA") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        builder = _builder(self._name, self._name, self._key.public_key())
        certificate = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.ca = folder / "ca.pem"
        self.ca.write_bytes(certificate.sign(self._key, hashes.SHA256()).public_bytes(_PEM))

    def issue(self, name: str, *alternatives: str, stem: str | None = None) -> tuple[Path, Path]:
        """Certificate and key for ``name``, good for the alternative names and addresses."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(name), self._name, key.public_key())
        if alternatives:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_general_name(value) for value in alternatives]), critical=False
            )
        certificate_file, key_file = (self._folder / f"{stem or name}.{suffix}" for suffix in ("pem", "key"))
        certificate_file.write_bytes(builder.sign(self._key, hashes.SHA256()).public_bytes(_PEM))
        key_file.write_bytes(key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        return certificate_file, key_file

    def bare_context(self) -> ssl.SSLContext:
        """A client that trusts this CA and has no certificate of its own."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(self.ca)
        return context


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    return x509.CertificateBuilder(
        issuer, subject, key, x509.random_serial_number(), now - _HOUR, now + _HOUR
    )  # fmt: skip


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
