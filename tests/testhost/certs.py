# SPDX-License-Identifier: Apache-2.0
"""A small CA for Cockpit on test hosts, so that its URL can be opened with a CA file instead of a warning."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def _openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_ca(folder: Path) -> Path:
    """Create ``ca.pem`` and ``ca.key`` in ``folder`` unless they exist; returns the certificate's path."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    certificate = folder / "ca.pem"
    if not certificate.exists():
        _openssl(
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-days",
            "30",
            "-subj",
            "/CN=cockpit-rhv test hosts",
            "-keyout",
            str(folder / "ca.key"),
            "-out",
            str(certificate),
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
        )
    return certificate


def issue(folder: Path, name: str, address: str) -> tuple[str, str]:
    """Certificate and key (PEM) for a server reached as ``name`` and ``address``, from the CA in ``folder``."""
    make_ca(folder)
    key, request, certificate, extensions = (folder / f"server.{ending}" for ending in ("key", "csr", "pem", "ext"))
    extensions.write_text(
        f"subjectAltName=DNS:{name},IP:{address}\nextendedKeyUsage=serverAuth\nkeyUsage=digitalSignature\n"
    )
    _openssl(
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-subj",
        f"/CN={name}",
        "-keyout",
        str(key),
        "-out",
        str(request),
    )
    _openssl(
        "x509",
        "-req",
        "-in",
        str(request),
        "-CA",
        str(folder / "ca.pem"),
        "-CAkey",
        str(folder / "ca.key"),
        "-days",
        "30",
        "-CAcreateserial",
        "-extfile",
        str(extensions),
        "-out",
        str(certificate),
    )
    return certificate.read_text(), key.read_text()
