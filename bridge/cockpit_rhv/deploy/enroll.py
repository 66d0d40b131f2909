# SPDX-License-Identifier: Apache-2.0
"""The agent's key, request and certificate. The key is on the disk before it is asked to be certified, so that a
deployment that breaks off in between goes on with the same one."""

from __future__ import annotations

import ipaddress
import os
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ..errors import RhvError
from ..jobs.files import sync_folder
from ..messages import msg
from .places import AGENT_CERTIFICATE, AGENT_KEY, ENGINE_CA

if TYPE_CHECKING:
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes


def ensure_key(folder: Path) -> ec.EllipticCurvePrivateKey:
    """The agent's key (EC P-256), 0600 in ``folder``; made when there is none that can be used. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    path = folder / AGENT_KEY
    try:
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            os.chmod(path, 0o600)
            return key
    except (FileNotFoundError, ValueError, TypeError, UnsupportedAlgorithm):
        # Nothing trusts a key that cannot be read; a new one replaces it.
        path.unlink(missing_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_whole(path, pem, 0o600)
    return key


def make_request(key: ec.EllipticCurvePrivateKey, name: str, address: str) -> str:
    """A certificate request (PEM) for the host's name and address."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    alternatives: list[x509.GeneralName] = [x509.DNSName(name)]
    alternatives.append(x509.IPAddress(ipaddress.ip_address(address)))
    builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode("ascii")


def certificate_fits(certificate_pem: bytes, ca_pem: str, key: ec.EllipticCurvePrivateKey, address: str) -> str | None:
    """None when the certificate is this CA's, for this key and address; else what is wrong with it."""
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        issuer = x509.load_pem_x509_certificate(ca_pem.encode("ascii")).public_key()
        algorithm = certificate.signature_hash_algorithm
        if not isinstance(issuer, ec.EllipticCurvePublicKey) or algorithm is None:
            return "it is not signed with an EC key"
        # Not verify_directly_issued_by(): cryptography has it since 40, Debian 12 and EL9 are older.
        issuer.verify(certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(algorithm))
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound) as error:
        return f"{type(error).__name__}: {error}"
    if _spki(certificate.public_key()) != _spki(key.public_key()):
        return "it is for another key"
    if ipaddress.ip_address(address) not in names.get_values_for_type(x509.IPAddress):
        return f"it does not name {address}"
    return None


def _spki(key: CertificatePublicKeyTypes) -> bytes:
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def install(folder: Path, certificate_pem: str, ca_pem: str, key: ec.EllipticCurvePrivateKey, address: str) -> None:
    """Write certificate and CA beside the key. Raises RhvError ``enroll.wrong_certificate``; OSError."""
    problem = certificate_fits(certificate_pem.encode("ascii", "replace"), ca_pem, key, address)
    if problem is not None:
        raise RhvError(
            "enroll.wrong_certificate",
            msg("enroll.wrong_certificate", "The Manager gave this host a certificate it cannot use."),
            msg("manager.odd_answer.hint", "Is the appliance of the same version as this package?"),
            problem,
        )
    write_whole(folder / ENGINE_CA, ca_pem.encode("ascii"), 0o644)
    write_whole(folder / AGENT_CERTIFICATE, certificate_pem.encode("ascii"), 0o644)


def write_whole(path: Path, content: bytes, mode: int) -> None:
    """Replace a file, whole or not at all, durably. Raises OSError."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as stream:
        stream.write(content)
        os.fchmod(stream.fileno(), mode)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    sync_folder(path.parent)
