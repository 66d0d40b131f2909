# SPDX-License-Identifier: Apache-2.0
"""The engine's full name: not the host's, and found under its address."""

from __future__ import annotations

from ipaddress import IPv4Interface
from typing import TYPE_CHECKING

from ..errors import Remedy
from ..messages import Message, msg
from .address import own_addresses
from .model import ERROR, NOT_APPLICABLE, OK, UNKNOWN, WARNING, Evidence, Outcome
from .registry import Check

if TYPE_CHECKING:
    from .context import Context

#: What follows an entry of ours in /etc/hosts, after the #.
HOSTS_MARK = "cockpit-rhv"


def check_own_name(context: Context) -> Outcome:
    """Engine and host are two machines."""
    fqdn = str(context.answer("engine.fqdn")).lower()
    names = {str(name).lower() for name in (context.facts["hostname"], context.facts["fqdn"]) if name}
    evidence = [Evidence("/proc/sys/kernel/hostname, /etc/hosts", ", ".join(sorted(names)))]
    if fqdn in names:
        return Outcome(
            ERROR,
            msg("checks.own_name.same", "{fqdn} is the name of this host.", fqdn=fqdn),
            evidence,
            msg(
                "checks.own_name.remedy",
                "Give the engine a name of its own, for example engine.{domain}",
                domain=fqdn.partition(".")[2],
            ),
        )
    return Outcome(OK, msg("checks.own_name.ok", "The engine's name differs from the host's."), evidence)


def check_resolves(context: Context) -> Outcome:
    """The name leads to the fixed address; with DHCP the address is not known yet, but it cannot be the host's."""
    fqdn = context.answer("engine.fqdn")
    if fqdn is None:
        return _NO_NAME
    try:
        found = list(context.probes.resolve(fqdn))
    except OSError as error:
        text = msg(
            "checks.resolves.untested", "The name service does not answer; {fqdn} could not be looked up.", fqdn=fqdn
        )
        remedy = msg("checks.resolves.untested.remedy", "Correct the DNS servers of this host.")
        return Outcome(UNKNOWN, text, [Evidence(f"getaddrinfo({fqdn})", str(error))], remedy)
    evidence = [Evidence(f"getaddrinfo({fqdn})", ", ".join(found) or "unknown name")]
    static = context.answer("network.mode") == "static"
    wanted = str(IPv4Interface(context.answer("network.address")).ip) if static else None
    if not found:
        return Outcome(
            WARNING,
            msg("checks.resolves.unknown", "{fqdn} is not known to this host's name service.", fqdn=fqdn),
            evidence,
            _hosts_file(f"{wanted} {fqdn}") if wanted else _LATER,
            remedy_job=_hosts_entry(wanted, fqdn) if wanted else None,
        )
    if wanted is not None and wanted not in found:
        text = msg(
            "checks.resolves.elsewhere",
            "{fqdn} leads to {found}, not to {wanted}.",
            fqdn=fqdn,
            found=", ".join(found),
            wanted=wanted,
        )
        return Outcome(
            ERROR,
            text,
            evidence,
            msg("checks.resolves.elsewhere.remedy", "Correct the DNS or /etc/hosts, or the address."),
            # An entry of ours from an earlier address is ours to replace; over anybody else's word it would be a lie.
            remedy_job=_hosts_entry(wanted, fqdn) if _has_our_entry(context, fqdn) else None,
        )
    own = [address for address in found if address in own_addresses(context)]
    if own:
        text = msg(
            "checks.resolves.this_host", "{fqdn} leads to this host itself ({address}).", fqdn=fqdn, address=own[0]
        )
        return Outcome(
            ERROR,
            text,
            evidence,
            msg("checks.resolves.elsewhere.remedy", "Correct the DNS or /etc/hosts, or the address."),
        )
    return Outcome(
        OK, msg("checks.resolves.ok", "{fqdn} leads to {found}.", fqdn=fqdn, found=", ".join(found)), evidence
    )


def check_reverse(context: Context) -> Outcome:
    """The fixed address leads back to the name."""
    fqdn = context.answer("engine.fqdn")
    if context.answer("network.mode") != "static":
        return Outcome(NOT_APPLICABLE, msg("checks.address.dhcp", "The engine VM gets its address by DHCP."))
    if fqdn is None:
        return _NO_NAME
    address = str(IPv4Interface(context.answer("network.address")).ip)
    try:
        found = list(context.probes.reverse(address))
    except OSError as error:
        text = msg(
            "checks.reverse.untested",
            "The name service does not answer; {address} could not be looked up.",
            address=address,
        )
        remedy = msg("checks.resolves.untested.remedy", "Correct the DNS servers of this host.")
        return Outcome(UNKNOWN, text, [Evidence(f"gethostbyaddr({address})", str(error))], remedy)
    evidence = [Evidence(f"gethostbyaddr({address})", ", ".join(found) or "unknown address")]
    remedy = msg(
        "checks.reverse.remedy",
        "Let the DNS answer {address} with {fqdn} (a PTR record), or choose another address.",
        address=address,
        fqdn=fqdn,
    )
    if not found:
        text = msg("checks.reverse.unknown", "{address} has no name in this host's name service.", address=address)
        return Outcome(WARNING, text, evidence, remedy)
    if fqdn.lower() not in {name.lower().rstrip(".") for name in found}:
        text = msg(
            "checks.reverse.elsewhere",
            "{address} has the name {found}, not {fqdn}.",
            address=address,
            found=", ".join(found),
            fqdn=fqdn,
        )
        return Outcome(WARNING, text, evidence, remedy)
    return Outcome(OK, msg("checks.reverse.ok", "{address} leads to {fqdn}.", address=address, fqdn=fqdn), evidence)


_NO_NAME = Outcome(UNKNOWN, msg("checks.resolves.no_name", "The engine's name is not known yet."))


def _hosts_file(line: str) -> Message:
    return msg(
        "checks.resolves.hosts_file",
        "Add it to the DNS, or this line to /etc/hosts of every machine that uses it: {line}",
        line=line,
    )


def _hosts_entry(address: str, fqdn: str) -> Remedy:
    title = msg("checks.fqdn.add_entry", "Add {fqdn} to this host's /etc/hosts", fqdn=fqdn)
    return Remedy("hosts_entry", title, {"address": address, "fqdn": fqdn})


def _has_our_entry(context: Context, fqdn: str) -> bool:
    """Whether ansible/host/hosts_entry.yml has written one for this name."""
    try:
        text = (context.probes.root / "etc/hosts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    lines = (line.split("#", 1) for line in text.splitlines())
    return any(
        len(parts) == 2 and parts[1].strip() == HOSTS_MARK and fqdn.lower() in parts[0].lower().split()[1:]
        for parts in lines
    )


_LATER = msg("checks.resolves.later", "Add it to the DNS once the engine has its address.")

CHECKS = (
    Check(
        "name.own",
        msg("checks.own_name.title", "Engine name"),
        msg("checks.own_name.why", "With one name for two machines a browser or a host would talk to the wrong one."),
        check_own_name,
        needs_answers=True,
        path="engine.fqdn",
    ),
    Check(
        "name.resolves",
        msg("checks.resolves.title", "Name resolution"),
        msg(
            "checks.resolves.why",
            "Administrators and clients reach the Manager by its name, and its certificate is made for it.",
        ),
        check_resolves,
        needs_answers=True,
        path="engine.fqdn",
    ),
    Check(
        "name.reverse",
        msg("checks.reverse.title", "Name of the address"),
        msg(
            "checks.reverse.why",
            "Logs, mail and further hosts ask for the name behind an address; another name means that the address is "
            "meant for another machine.",
        ),
        check_reverse,
        needs_answers=True,
        path="network.address",
    ),
)
