# SPDX-License-Identifier: Apache-2.0
"""TLS of port 54321: both ends hold a certificate of the Manager's CA, and nothing else is trusted.

vdsm checks the CA only, so any host's certificate passes for any other host; our client also asks for the peer's name.
"""

from __future__ import annotations

import ipaddress
import ssl
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import msg

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike


def server_context(ca: PathLike[str], certificate: PathLike[str], key: PathLike[str]) -> ssl.SSLContext:
    """Server end: TLS 1.2 or newer, client certificate of this CA required. Paths are PEM files.

    Raises RhvError ``tls.files_missing`` or ``tls.files_unusable``.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # A ticket would let a client resume without showing its certificate again, across a change of the CA's mind.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0
    return _load(context, ca, certificate, key)


def client_context(ca: PathLike[str], certificate: PathLike[str], key: PathLike[str]) -> ssl.SSLContext:
    """Client end, for :class:`~cockpit_rhv.rpc.stomp_client.StompRpcClient`, which compares the name itself.

    Raises RhvError ``tls.files_missing`` or ``tls.files_unusable``.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # OpenSSL can be given one name only; a host is known by its address and its name.
    context.check_hostname = False
    return _load(context, ca, certificate, key)


def _load(context: ssl.SSLContext, ca: PathLike[str], certificate: PathLike[str], key: PathLike[str]) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    try:
        context.load_verify_locations(cafile=ca)
        context.load_cert_chain(certificate, key)
    except FileNotFoundError as error:
        files = ", ".join(str(path) for path in (ca, certificate, key))
        raise RhvError(
            "tls.files_missing",
            msg("tls.files_missing", "A certificate file is missing; this host is not enrolled with a Manager."),
            detail=f"{error}: one of {files}",
        ) from error
    except (OSError, ssl.SSLError) as error:
        raise RhvError(
            "tls.files_unusable",
            msg("tls.files_unusable", "The certificate {file} cannot be used.", file=str(certificate)),
            detail=str(error),
        ) from error
    return context


def certificate_names(certificate: Mapping[str, Any]) -> set[str]:
    """Names and addresses a certificate (``SSLSocket.getpeercert()``) stands for, in comparable spelling.

    The common name counts only when there are no alternative names, as RFC 6125 has it for old certificates.
    """
    alternatives = certificate.get("subjectAltName", ())
    names = [value for kind, value in alternatives if kind in ("DNS", "IP Address")]
    if not alternatives:
        names = [value for part in certificate.get("subject", ()) for kind, value in part if kind == "commonName"]
    return {_comparable(name) for name in names}


def certificate_matches(certificate: Mapping[str, Any], wanted: Iterable[str]) -> bool:
    """True when the certificate stands for at least one of the wanted names or addresses."""
    return not certificate_names(certificate).isdisjoint(_comparable(name) for name in wanted)


def _comparable(name: str) -> str:
    try:
        return ipaddress.ip_address(name).compressed
    except ValueError:
        return name.rstrip(".").lower()
