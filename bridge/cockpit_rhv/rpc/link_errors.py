# SPDX-License-Identifier: Apache-2.0
"""Why a connection to another host's port 54321 failed or ended, in the words of an administrator."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from ..errors import RhvError
from ..messages import msg
from .tls import certificate_matches, certificate_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def check_name(certificate: Mapping[str, Any], wanted: Sequence[str], host: str) -> None:
    """Raise ``rpc.wrong_name`` unless the certificate stands for one of the wanted names; none wanted: any will do."""
    if wanted and not certificate_matches(certificate, wanted):
        raise RhvError(
            "rpc.wrong_name",
            msg("rpc.wrong_name", "The certificate shown by {host} belongs to another host.", host=host),
            msg("rpc.wrong_name.hint", "Check the host's address, or enrol the host again."),
            f"certificate names {', '.join(sorted(certificate_names(certificate)))}; wanted {', '.join(wanted)}",
        )


def explain(error: OSError, host: str, port: int) -> RhvError:
    """Why there is no TLS connection."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return RhvError(
            "rpc.untrusted",
            msg("rpc.untrusted", "The certificate shown by {host} is not of this Manager's CA.", host=host),
            detail=str(error),
        )
    if isinstance(error, (ssl.SSLError, ConnectionResetError, ConnectionAbortedError)):
        return refused(host, str(error) or "closed during the TLS handshake")
    return RhvError(
        "rpc.unreachable",
        msg("rpc.unreachable", "The host {host} does not answer on port {port}.", host=host, port=port),
        detail=str(error),
    )


def refused(host: str, detail: str) -> RhvError:
    """``rpc.refused``: it does not take our certificate, or does not speak our protocol."""
    return RhvError(
        "rpc.refused", msg("rpc.refused", "The host {host} refused the connection.", host=host), None, detail
    )


def closed(host: str, detail: str) -> RhvError:
    """``rpc.closed``: a working connection ended."""
    return RhvError("rpc.closed", msg("rpc.closed", "The connection to {host} ended.", host=host), None, detail)


def timeout(host: str, timeout_s: float) -> RhvError:
    """``rpc.timeout``: no answer in time."""
    return RhvError(
        "rpc.timeout", msg("rpc.timeout", "{host} did not answer within {seconds} s.", host=host, seconds=timeout_s)
    )
