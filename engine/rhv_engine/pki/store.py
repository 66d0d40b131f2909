# SPDX-License-Identifier: Apache-2.0
"""The files of the Manager's certificates: ``ca.pem``, ``ca.key``, ``server.pem``, ``client.pem``.

The last two hold key and certificate in one file, so that a crash or a reader never meets a pair that does not match.
"""

from __future__ import annotations

import logging
import os
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .authority import (
    CLIENT_AUTH,
    SERVER_AUTH,
    SERVER_DAYS,
    Authority,
    alternative_names,
    certificate_pem,
    key_pem,
    new_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

logger = logging.getLogger(__name__)

RENEW_BEFORE = timedelta(days=30)


class Pki:
    """The CA and the Manager's own two certificates; made when first opened, reissued when they no longer fit."""

    def __init__(self, folder: Path, fqdn: str) -> None:
        """Open or create ``folder`` (0700). Raises OSError, or ValueError when a file holds something else."""
        self._folder = folder
        self._fqdn = fqdn
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
        self.authority = self._open_authority()
        self.server_certificate: x509.Certificate | None = None
        self._ensure_client()

    @property
    def ca_file(self) -> Path:
        """PEM of the CA."""
        return self._folder / "ca.pem"

    @property
    def server_file(self) -> Path:
        """Key and certificate shown on the API's port; exists after :meth:`ensure_server`."""
        return self._folder / "server.pem"

    @property
    def client_file(self) -> Path:
        """Key and certificate shown to hosts on 54321."""
        return self._folder / "client.pem"

    def ensure_server(self, addresses: Iterable[str]) -> bool:
        """Make sure that the server's certificate names the FQDN and exactly these addresses (and the loopback ones,
        for whoever tunnels), and lasts. Returns True when a new one was written."""
        names = {self._fqdn, "localhost", "127.0.0.1", "::1", *addresses}
        current = self._read_certificate(self.server_file)
        if current is not None and alternative_names(current) == names and self._lasts(current):
            self.server_certificate = current
            return False
        key = new_key()
        # The FQDN first: some clients show only the first name.
        ordered = [self._fqdn, *sorted(names - {self._fqdn})]
        certificate = self.authority.issue(self._fqdn, key.public_key(), ordered, [SERVER_AUTH], SERVER_DAYS)
        _write(self.server_file, key_pem(key) + certificate_pem(certificate), 0o600)
        self.server_certificate = certificate
        logger.info("issued the server's certificate for %s", ", ".join(ordered))
        return True

    def _ensure_client(self) -> None:
        current = self._read_certificate(self.client_file)
        if current is not None and self._lasts(current):
            return
        key = new_key()
        # vdsm's optional check compares the common name with the peer; the engine's own is its FQDN.
        certificate = self.authority.issue(self._fqdn, key.public_key(), [self._fqdn], [CLIENT_AUTH], SERVER_DAYS)
        _write(self.client_file, key_pem(key) + certificate_pem(certificate), 0o600)

    def renew_client(self) -> None:
        """Reissue the certificate for 54321 when it nears its end; connections made later use it."""
        self._ensure_client()

    def _lasts(self, certificate: x509.Certificate) -> bool:
        """True when this CA issued it and neither its end nor (after a clock's correction) its start is a problem."""
        now = datetime.now(timezone.utc)
        if certificate.issuer != self.authority.certificate.subject or now < certificate.not_valid_before_utc:
            return False
        return certificate.not_valid_after_utc - now > RENEW_BEFORE

    def _read_certificate(self, path: Path) -> x509.Certificate | None:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return x509.load_pem_x509_certificate(data)
        except ValueError:
            # Only the CA is irreplaceable; its leaves are made anew.
            logger.warning("%s holds no certificate; making a new one", path)
            return None

    def _open_authority(self) -> Authority:
        key_file = self._folder / "ca.key"
        try:
            certificate = x509.load_pem_x509_certificate(self.ca_file.read_bytes())
        except FileNotFoundError:
            authority = Authority.create(self._fqdn)
            # The certificate last: as long as it is missing nobody has seen this CA and it may be made anew.
            _write(key_file, key_pem(authority.key), 0o600)
            _write(self.ca_file, certificate_pem(authority.certificate), 0o644)
            logger.info("made a new certificate authority, SHA-256 %s", authority.fingerprint())
            return authority
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise ValueError(f"{key_file} is not the key of {self.ca_file}")
        return Authority(certificate, key)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Replace a file atomically; it never exists with more permissions than ``mode``."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
