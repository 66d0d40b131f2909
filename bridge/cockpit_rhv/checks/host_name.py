# SPDX-License-Identifier: Apache-2.0
"""The host's own name: it leads to the host, and the address leads back."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from ..messages import msg
from .address import own_addresses
from .model import ERROR, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context


def check_host_name(context: Context) -> Outcome:
    """Forward by the system's resolver as every program asks it, then back from each address."""
    fqdn = context.facts["fqdn"]
    if not fqdn:
        return Outcome(
            WARNING,
            msg("checks.host_name.short", "This host has no full name, only {name}.", name=context.facts["hostname"]),
            [Evidence("/proc/sys/kernel/hostname, /etc/hosts", context.facts["hostname"])],
            msg(
                "checks.host_name.short.remedy",
                "Give it one: hostnamectl set-hostname {name}.example.org",
                name=context.facts["hostname"],
            ),
        )
    try:
        found = list(context.probes.resolve(fqdn))
    except OSError as error:
        text = msg(
            "checks.host_name.silent", "The name service does not answer; {fqdn} could not be looked up.", fqdn=fqdn
        )
        remedy = msg("checks.resolves.untested.remedy", "Correct the DNS servers of this host.")
        return Outcome(UNKNOWN, text, [Evidence(f"getaddrinfo({fqdn})", str(error))], remedy)
    evidence = [Evidence(f"getaddrinfo({fqdn})", ", ".join(found) or "unknown name")]
    if not found:
        text = msg(
            "checks.host_name.unknown", "{fqdn}, the name of this host, is not known to its name service.", fqdn=fqdn
        )
        return Outcome(
            WARNING, text, evidence, msg("checks.host_name.remedy", "Add the host to the DNS, forward and reverse.")
        )
    outside = [address for address in found if not ip_address(address.partition("%")[0]).is_loopback]
    if not outside:
        text = msg("checks.host_name.loopback", "{fqdn} leads to the loopback address on this host.", fqdn=fqdn)
        remedy = msg(
            "checks.host_name.loopback.remedy", "Replace the loopback entry in /etc/hosts by the host's address."
        )
        return Outcome(WARNING, text, evidence, remedy)
    if not set(outside) & set(own_addresses(context)):
        text = msg(
            "checks.host_name.elsewhere",
            "{fqdn}, the name of this host, leads to {found}, which is not its address.",
            fqdn=fqdn,
            found=", ".join(outside),
        )
        return Outcome(
            ERROR, text, evidence, msg("checks.host_name.elsewhere.remedy", "Correct the DNS or /etc/hosts.")
        )
    return _check_back(context, fqdn, [address for address in outside if address in own_addresses(context)], evidence)


def _check_back(context: Context, fqdn: str, addresses: list[str], evidence: list[Evidence]) -> Outcome:
    wrong = []
    for address in addresses:
        try:
            names = list(context.probes.reverse(address))
        except OSError as error:
            text = msg("checks.host_name.no_answer", "Nobody answers which name {address} has.", address=address)
            return Outcome(UNKNOWN, text, [*evidence, Evidence(f"gethostbyaddr({address})", str(error))])
        evidence.append(Evidence(f"gethostbyaddr({address})", ", ".join(names) or "no name"))
        if fqdn.lower() not in (name.lower().rstrip(".") for name in names):
            wrong.append((address, names))
    if wrong:
        address, names = wrong[0]
        if names:
            text = msg(
                "checks.host_name.other",
                "{address} has the name {name}, not {fqdn}.",
                address=address,
                name=names[0],
                fqdn=fqdn,
            )
        else:
            text = msg("checks.host_name.nameless", "{address} leads to no name.", address=address)
        return Outcome(
            WARNING, text, evidence, msg("checks.host_name.reverse.remedy", "Add or correct the reverse (PTR) record.")
        )
    return Outcome(OK, msg("checks.host_name.ok", "{fqdn} leads to this host, and back.", fqdn=fqdn), evidence)


CHECKS = (
    Check(
        "host.name",
        msg("checks.host_name.title", "Name of this host"),
        msg(
            "checks.host_name.why",
            "Migrations go to hosts by name, and the certificates of Manager and hosts are made for names.",
        ),
        check_host_name,
        health_only=True,
    ),
)
