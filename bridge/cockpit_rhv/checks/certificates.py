# SPDX-License-Identifier: Apache-2.0
"""Certificates of libvirt, vdsm, the agent and the engine: how long they are still good."""

from __future__ import annotations

import datetime
import json
import ssl
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from ..host.files import read_text
from ..messages import msg
from .engine_vm import ENGINE_CONFIG
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from pathlib import Path

    from .context import Context

#: Days. oVirt's defaults: CertExpirationWarnPeriodInDays and CertExpirationAlertPeriodInDays.
WARN_DAYS, ALERT_DAYS = 30, 7

FILES = (
    "etc/cockpit-rhv/pki/ca.pem",
    "etc/cockpit-rhv/pki/agent.pem",
    "etc/pki/CA/cacert.pem",
    "etc/pki/libvirt/servercert.pem",
    "etc/pki/libvirt/clientcert.pem",
    "etc/pki/libvirt-vnc/server-cert.pem",
    "etc/pki/libvirt-spice/server-cert.pem",
    "etc/pki/qemu/server-cert.pem",
    "etc/pki/vdsm/certs/cacert.pem",
    "etc/pki/vdsm/certs/vdsmcert.pem",
    "etc/pki/vdsm/libvirt-vnc/server-cert.pem",
    "etc/pki/vdsm/libvirt-spice/server-cert.pem",
    "etc/pki/vdsm/libvirt-migrate/server-cert.pem",
)


class _Term(NamedTuple):
    """Of one certificate; ``begins`` and ``ends`` in UTC."""

    name: str
    begins: datetime.datetime
    ends: datetime.datetime


def check_certificates(context: Context) -> Outcome:
    """The one that ends first decides; one that cannot be read leaves the whole unknown, never in order."""
    terms, unread = _read(context)
    if not terms and not unread:
        text = msg("checks.certificates.none", "This host has no certificates of libvirt, vdsm, agent or engine.")
        return Outcome(NOT_APPLICABLE, text)
    now = datetime.datetime.now(datetime.timezone.utc)
    terms.sort(key=lambda term: term.ends)
    evidence = [
        Evidence(term.name, f"{term.begins:%Y-%m-%d %H:%M} to {term.ends:%Y-%m-%d %H:%M} UTC") for term in terms
    ]
    evidence += [Evidence(name, reason) for name, reason in unread]
    remedy = msg(
        "checks.certificates.remedy",
        "Enrol the host's certificate again from the Manager; replace others where they were made.",
    )
    early = [term for term in terms if term.begins > now]
    if early:
        text = msg(
            "checks.certificates.early", "Not valid yet: {name}. Is the clock of this host right?", name=early[0].name
        )
        return Outcome(ERROR, text, evidence, remedy)
    if terms and terms[0].ends <= now:
        text = msg("checks.certificates.expired", "Expired: {name}", name=terms[0].name)
        return Outcome(ERROR, text, evidence, remedy)
    days = (terms[0].ends - now).days if terms else 0
    if terms and days < WARN_DAYS:
        text = msg("checks.certificates.soon", "{name} expires in {days} days.", name=terms[0].name, days=days)
        return Outcome(ERROR if days < ALERT_DAYS else WARNING, text, evidence, remedy)
    if unread:
        text = msg("checks.certificates.unread", "Could not be read: {name}", name=unread[0][0])
        return Outcome(UNKNOWN, text, evidence)
    return Outcome(
        OK, msg("checks.certificates.ok", "The first certificate expires in {days} days.", days=days), evidence
    )


def _read(context: Context) -> tuple[list[_Term], list[tuple[str, str]]]:
    terms: list[_Term] = []
    unread: list[tuple[str, str]] = []
    for name in FILES:
        path = context.probes.root / name
        try:
            terms.append(_term(f"/{name}", _der(path)))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError) as error:
            unread.append((f"/{name}", str(error)))
    engine = _engine(context)
    if engine is not None:
        host, port = engine
        name = f"TLS {host}:{port}"
        try:
            terms.append(_term(name, context.probes.peer_certificate(host, port)))
        except (OSError, ValueError) as error:
            unread.append((name, str(error)))
    return terms, unread


def _engine(context: Context) -> tuple[str, int] | None:
    """Where the engine of this host listens; None without one. Raises OSError or ValueError for a damaged file."""
    try:
        config = json.loads(read_text(context.probes.root / ENGINE_CONFIG))
    except FileNotFoundError:
        return None
    return str(config["address"]), urlsplit(str(config["url"])).port or 443


def _der(path: Path) -> bytes:
    """The first certificate of a PEM file."""
    text = read_text(path)
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    _, found, rest = text.partition(begin)
    body, closed, _ = rest.partition(end)
    if not found or not closed:
        raise ValueError("no certificate in the file")
    return ssl.PEM_cert_to_DER_cert(f"{begin}{body}{end}\n")


def _term(name: str, der: bytes) -> _Term:
    from cryptography import x509  # 60 ms at the first import, spared to a host without certificates

    certificate = x509.load_der_x509_certificate(der)
    # The names with _utc are new in 42, those without are on their way out.
    if hasattr(certificate, "not_valid_after_utc"):
        return _Term(name, certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    utc = datetime.timezone.utc
    return _Term(
        name, certificate.not_valid_before.replace(tzinfo=utc), certificate.not_valid_after.replace(tzinfo=utc)
    )


CHECKS = (
    Check(
        "certificates.expiry",
        msg("checks.certificates.title", "Certificates"),
        msg(
            "checks.certificates.why",
            "On the day a certificate ends the Manager loses the host, migrations fail and consoles do not open.",
        ),
        check_certificates,
        health_only=True,
    ),
)
