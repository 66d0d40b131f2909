# SPDX-License-Identifier: Apache-2.0
"""The authority that a viewer must trust for SPICE over TLS, as libvirt's QEMU driver is set up."""

from __future__ import annotations

import logging
import re
from pathlib import Path

logger = logging.getLogger(__name__)

_SETTINGS = Path("/etc/libvirt/qemu.conf")
_USUAL = "/etc/pki/libvirt-spice"
_FOLDER = re.compile(r'^\s*spice_tls_x509_cert_dir\s*=\s*"([^"]+)"', re.MULTILINE)
_CERTIFICATES = re.compile(r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----")


def spice_authority(settings: Path = _SETTINGS) -> str | None:
    """The certificates in PEM; None where they cannot be read: then a viewer trusts whom its own host trusts."""
    try:
        said = _FOLDER.findall(settings.read_text(encoding="utf-8", errors="replace"))
        folder = Path(said[-1] if said else _USUAL)
        text = (folder / "ca-cert.pem").read_text(encoding="ascii", errors="replace").replace("\r", "")
    except OSError as error:
        logger.info("the authority of SPICE: %s", error)
        return None
    # nothing else that stands in the file comes into a viewer's settings
    return "\n".join(_CERTIFICATES.findall(text)) or None
