# SPDX-License-Identifier: Apache-2.0
"""Building and signing X.509 certificates; no files here."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
    from cryptography.x509 import ObjectIdentifier

CA_YEARS = 10
SERVER_DAYS = 397
"""No browser accepts more for a server."""
HOST_DAYS = 5 * 365
CLOCK_LEEWAY = timedelta(days=1)
"""How far before now a certificate starts: a fresh VM's clock and a host's clock need not agree."""
_COMMON_NAME_MAX = 64  # RFC 5280, ub-common-name

SERVER_AUTH = ExtendedKeyUsageOID.SERVER_AUTH
CLIENT_AUTH = ExtendedKeyUsageOID.CLIENT_AUTH


def new_key() -> ec.EllipticCurvePrivateKey:
    """A P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Unencrypted PKCS#8."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def certificate_pem(certificate: x509.Certificate) -> bytes:
    """One PEM block."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def general_name(name: str) -> x509.GeneralName:
    """An address as an IP name, anything else as a DNS name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def alternative_names(certificate: x509.Certificate) -> set[str]:
    """DNS names and addresses a certificate stands for, as text."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    addresses = (str(address) for address in names.get_values_for_type(x509.IPAddress))
    return {*names.get_values_for_type(x509.DNSName), *addresses}


@dataclass(frozen=True)
class Authority:
    """The CA: its certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls, fqdn: str) -> Authority:
        """A new self-signed CA, good for ten years. The name ends in random digits: a reinstalled Manager of the same
        FQDN must not look like the old one to a client that remembers both."""
        key = new_key()
        serial = x509.random_serial_number()
        name = _subject(f"{fqdn[:50]} CA {serial % 10**8:08d}")
        builder = _builder(name, name, key.public_key(), timedelta(days=CA_YEARS * 365), serial)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(ca=True), critical=True)
        return cls(builder.sign(key, hashes.SHA256()), key)

    def issue(
        self,
        common_name: str,
        key: CertificatePublicKeyTypes,
        names: Iterable[str],
        usages: Sequence[ObjectIdentifier],
        days: int,
    ) -> x509.Certificate:
        """A certificate for ``key`` that stands for ``names`` (host names and addresses), never for more."""
        life = min(timedelta(days=days), self.certificate.not_valid_after_utc - datetime.now(timezone.utc))
        builder = _builder(_subject(common_name), self.certificate.subject, key, life, x509.random_serial_number())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(ca=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
        )
        alternatives = [general_name(name) for name in dict.fromkeys(names)]
        if alternatives:
            builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        return builder.sign(self.key, hashes.SHA256())

    def fingerprint(self) -> str:
        """SHA-256 of the DER in 64 lower-case hexadecimal digits."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()


def _subject(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "cockpit-rhv"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:_COMMON_NAME_MAX]),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: CertificatePublicKeyTypes, life: timedelta, serial: int
) -> x509.CertificateBuilder:
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(now - CLOCK_LEEWAY)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
