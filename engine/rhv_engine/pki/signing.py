# SPDX-License-Identifier: Apache-2.0
"""Signing a host's certificate request: what is signed is what was asked for by name, never what the request claims."""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

from .authority import CLIENT_AUTH, HOST_DAYS, SERVER_AUTH, alternative_names

if TYPE_CHECKING:
    from collections.abc import Collection

    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

    from .authority import Authority

_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)\Z")
_MIN_RSA_BITS = 2048


class CsrRefused(Exception):
    """The request cannot be signed; the text says why."""


def is_name_or_address(text: str) -> bool:
    """True for an IP address or a host name (one label is enough)."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return 0 < len(text) <= 253 and all(_LABEL.match(label) for label in text.split("."))
    return True


def sign_host(
    authority: Authority, csr_pem: str, name: str, address: str, reserved: Collection[str]
) -> x509.Certificate:
    """A certificate for a host, good as client and server, that names ``name`` and ``address`` and nothing else.

    ``reserved``: names and addresses no host may have (the Manager's own). A common name or alternative names in the
    request may repeat ``name`` or ``address``; any other name is refused rather than dropped, because whoever made the
    request would believe to have it. Raises CsrRefused.
    """
    for value in (name, address):
        if not is_name_or_address(value):
            raise CsrRefused(f"{value!r} is neither a host name nor an address")
        if _comparable(value) in {_comparable(taken) for taken in reserved}:
            raise CsrRefused(f"{value} is the Manager itself")
    csr = _load(csr_pem)
    allowed = {_comparable(name), _comparable(address)}
    for asked in _asked_names(csr):
        if _comparable(asked) not in allowed:
            raise CsrRefused(f"the request names {asked}, which is neither {name} nor {address}")
    return authority.issue(name, _public_key(csr), [name, address], [SERVER_AUTH, CLIENT_AUTH], HOST_DAYS)


def _load(csr_pem: str) -> x509.CertificateSigningRequest:
    try:
        csr = x509.load_pem_x509_csr(csr_pem.encode("ascii"))
        valid = csr.is_signature_valid
    except (ValueError, UnsupportedAlgorithm, InvalidSignature) as error:
        raise CsrRefused(f"not a certificate request in PEM: {error}") from error
    if not valid:
        raise CsrRefused("the request is not signed with its own key")
    return csr


def _public_key(csr: x509.CertificateSigningRequest) -> CertificatePublicKeyTypes:
    key = csr.public_key()
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _MIN_RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= 256:
        return key
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    raise CsrRefused(f"the key is too weak; RSA of {_MIN_RSA_BITS} bits, P-256 or Ed25519 is needed")


def _asked_names(csr: x509.CertificateSigningRequest) -> list[str]:
    names = [str(attribute.value) for attribute in csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    try:
        extension = csr.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return names
    except ValueError as error:
        raise CsrRefused(f"the request's extensions cannot be read: {error}") from error
    for general in extension.value:
        if not isinstance(general, (x509.DNSName, x509.IPAddress)):
            raise CsrRefused(f"the request asks for a {type(general).__name__}; only names and addresses are signed")
        names.append(str(general.value))
    return names


def _comparable(name: str) -> str:
    try:
        return ipaddress.ip_address(name).compressed
    except ValueError:
        return name.rstrip(".").lower()


__all__ = ["CsrRefused", "alternative_names", "is_name_or_address", "sign_host"]
