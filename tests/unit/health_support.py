# SPDX-License-Identifier: Apache-2.0
"""A recorded host in daily work, managed and healthy; a test makes the one thing ill that it is about."""

from __future__ import annotations

import copy
import datetime
import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cockpit_rhv.checks.context import Context, Finished, Probes
from cockpit_rhv.checks.hypervisor import DomainFact
from cockpit_rhv.checks.pool_facts import PoolFact
from cockpit_rhv.checks.registry import run_checks
from cockpit_rhv.host.services import UnitState
from cockpit_rhv.host.space import Space
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.unit import deploy_support as world
from tests.unit.health_tools import COMMANDS
from tests.unit.health_tools import FILES as TOOL_FILES
from tests.unit.host_tree import lay_out
from tests.unit.recordings import recording

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cockpit_rhv.checks.model import CheckResult

GIB = 2**30
_KEY = ec.generate_private_key(ec.SECP256R1())


def certificate(days: float, begins: float = -30) -> bytes:
    """PEM of a certificate that ends in ``days`` days and began in ``begins``."""
    now = datetime.datetime.now(datetime.timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "host1.example.com")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(_KEY.public_key())
        .serial_number(1)
        .not_valid_before(now + datetime.timedelta(days=begins))
        .not_valid_after(now + datetime.timedelta(days=days))
        .sign(_KEY, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.PEM)


def der(pem: bytes) -> bytes:
    """The same certificate as TLS carries it."""
    return x509.load_pem_x509_certificate(pem).public_bytes(serialization.Encoding.DER)


GOOD_PEM = certificate(400).decode()

#: Debian 13 on a server, as its files say it. What stands for a folder ends in /.
FILES: dict[str, str] = {
    "dev/vhost-net": "",
    "sys/fs/cgroup/cgroup.controllers": "cpuset cpu io memory hugetlb pids rdma misc\n",
    "sys/module/apparmor/parameters/enabled": "Y\n",
    "sys/module/nf_tables/": "",
    "proc/pressure/memory": "some avg10=0.00 avg60=0.12 avg300=0.05 total=123456\n"
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=45678\n",
    "proc/sys/kernel/tainted": "4096\n",
    "sys/devices/system/edac/mc/mc0/ce_count": "0\n",
    "sys/devices/system/edac/mc/mc0/ue_count": "0\n",
    "sys/devices/system/edac/mc/mc0/seconds_since_reset": "86400\n",
    "lib/modules/6.12.41+deb13-amd64/modules.dep": "",
    "lib/modules/6.12.38+deb13-amd64/modules.dep": "",
    "lib/modules/6.1.0-37-amd64/": "",
    "etc/cockpit-rhv/pki/agent.pem": GOOD_PEM,
    "etc/cockpit-rhv/pki/ca.pem": GOOD_PEM,
    "etc/cockpit-rhv/engine.json": json.dumps(
        {"address": "192.0.2.20", "fqdn": "engine.example.com", "url": "https://engine.example.com/ovirt-engine/"}
    ),
    "run/cockpit-rhv/agent.json": json.dumps(
        {"started_s": 1, "clients": [{"name": "engine.example.com", "address": "192.0.2.20", "connected_s": 2}]}
    ),
    **TOOL_FILES,
}

#: What systemd says; every other unit is not found.
UNITS: dict[str, str] = {
    "libvirtd.service": "inactive",
    "libvirtd.socket": "active",
    "virtlogd.service": "active",
    "virtlogd.socket": "active",
    "cockpit-rhv-agent.service": "active",
    "firewalld.service": "active",
    "multipathd.service": "active",
    "vdsmd.service": "inactive",
}


def rule(*expr: Mapping[str, Any], chain: str = "input") -> dict[str, Any]:
    """One rule of table inet filter."""
    return {"rule": {"family": "inet", "table": "filter", "chain": chain, "handle": 1, "expr": list(expr)}}


def dport(right: Any, op: str = "==") -> dict[str, Any]:
    """A match of the TCP destination port."""
    return {"match": {"op": op, "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": right}}


def ruleset(*rules: Mapping[str, Any], policy: str = "drop", chains: Sequence[str] = ()) -> str:
    """What ``nft -j list ruleset`` prints."""
    base = {"family": "inet", "table": "filter", "name": "input", "hook": "input", "prio": 0, "policy": policy}
    others = [{"chain": {"family": "inet", "table": "filter", "name": name}} for name in chains]
    return json.dumps({"nftables": [{"metainfo": {"version": "1.1.3"}}, {"chain": base}, *others, *rules]})


ACCEPT, DROP = {"accept": None}, {"drop": None}
#: firewalld's way of writing it, shortened.
OPEN_RULES = ruleset(
    rule({"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, ACCEPT),
    rule({"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}, ACCEPT),
    rule({"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": "invalid"}}, DROP),
    rule({"jump": {"target": "zones"}}),
    rule({"reject": {"type": "icmpx", "expr": "admin-prohibited"}}),
    rule(
        {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "ovirtmgmt"}},
        {"goto": {"target": "public"}},
        chain="zones",
    ),
    rule(
        {"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": 54321}},
        DROP,
        chain="public",
    ),
    rule(dport({"set": [22, 9090, 16514, 54321]}), ACCEPT, chain="public"),
    rule(dport({"range": [5900, 6923]}), ACCEPT, chain="public"),
    rule({"counter": {"packets": 1, "bytes": 2}}, dport({"range": [49152, 49215]}), ACCEPT, chain="public"),
    chains=["zones", "public"],
)  # fmt: skip


def guest(name: str, **changes: Any) -> DomainFact:
    """A running guest."""
    values: dict[str, Any] = {
        "uuid": "11111111-2222-3333-4444-555555555555",
        "active": True,
        "job": None,
        "macs": [f"52:54:00:00:00:{len(name):02x}"],
        "disks": [f"/srv/images/{name}.qcow2"],
        "vcpus": 2,
        "memory_mib": 2048,
        "state": "running",
        "reason": "booted",
    }
    return DomainFact(name, **{**values, **changes})


@dataclass
class Host:
    """``broken``: probes that raise instead of answering, by name."""

    files: dict[str, str] = field(default_factory=lambda: dict(FILES))
    units: dict[str, str] = field(default_factory=lambda: dict(UNITS))
    facts: dict[str, Any] = field(default_factory=world.facts)
    guests: list[DomainFact] = field(default_factory=lambda: [guest("a"), guest("bc", active=False, state="shut_off")])
    hypervisor: dict[str, Any] = field(
        default_factory=lambda: {"qemu_version": "10.0.3", "security_models": ["apparmor", "dac"]}
    )
    pools: list[PoolFact] = field(default_factory=lambda: [PoolFact("images", "dir", True, True, "/srv/images")])
    spaces: dict[str, Space | OSError] = field(default_factory=dict)
    commands: dict[str, Finished | Exception] = field(
        default_factory=lambda: {
            "systemctl": Finished(0, ""),
            "nft": Finished(0, OPEN_RULES),
            "firewall-cmd": Finished(0, "public"),
            **dict([recording("timedatectl", "synchronized")]),
            **COMMANDS,
        }
    )
    names: dict[str, list[str]] = field(default_factory=lambda: {"host1.example.com": ["192.0.2.10"]})
    reverse: dict[str, list[str]] = field(default_factory=lambda: {"192.0.2.10": ["host1.example.com"]})
    engine_certificate: bytes | Exception = field(default_factory=lambda: der(GOOD_PEM.encode()))
    #: Who listens on a TCP port; systemd calls 1 the first process of every unit.
    listeners: dict[int, dict[str, Any]] = field(default_factory=lambda: {54321: {"pid": 1, "process": "python3"}})
    disabled: set[str] = field(default_factory=lambda: {"vdsmd.service"})
    broken: dict[str, Exception] = field(default_factory=dict)
    #: How long ago all of the host's files were written.
    stale_days: float = 0

    def __post_init__(self) -> None:
        self.facts["kernel"] = "6.12.41+deb13-amd64"
        self.facts["memory"].update(swap_total_mib=2048, swap_free_mib=2000)

    def check(self, name: str, tmp_path: Path) -> CheckResult:
        """The result of one check on this host."""
        (result,) = run_checks([name], self.context(tmp_path)).results
        return result

    def context(self, tmp_path: Path) -> Context:
        """The host as checks see it, its files below ``tmp_path``."""
        root = lay_out(tmp_path, copy.deepcopy(self.files))
        written = time.time() - self.stale_days * 86400
        for path in root.rglob("*"):
            os.utime(path, (written, written), follow_symlinks=False)
        seen = world.hypervisor(self.guests, **self.hypervisor)
        probes: dict[str, Any] = {
            "facts": lambda: self.facts,
            "hypervisor": lambda: seen,
            "pools": lambda: self.pools,
            "run": self._run,
            "space": lambda path: self._space("/" + str(path.relative_to(root)).lstrip(".")),
            "resolve": lambda name: self.names.get(name, []),
            "reverse": lambda address: self.reverse.get(address, []),
            "port_owner": lambda port: self.listeners.get(port),
            "unit_states": lambda units: {unit: self._unit(unit) for unit in units},
            "peer_certificate": lambda _host, _port: _or_raise(self.engine_certificate),
            **{name: world.raising(error) for name, error in self.broken.items()},
        }
        return Context(None, probes=Probes(root=root, **probes))

    def _run(self, argv: Sequence[str], _limit_s: float) -> Finished:
        """The recorded answer to the words that match best: a program alone, or with its first or all arguments."""
        words = [Path(argv[0]).name, *argv[1:]]
        asked = (" ".join(words[:count]) for count in range(len(words), 0, -1))
        done = _or_raise(next(self.commands[words] for words in asked if words in self.commands))
        assert isinstance(done, Finished)
        return done

    def _unit(self, name: str) -> UnitState:
        active = self.units.get(name)
        if active is None:
            return UnitState("not-found", "inactive", "dead", "", "success", None)
        return UnitState("loaded", active, "", "disabled" if name in self.disabled else "enabled", "success", 1)

    def _space(self, path: str) -> Space:
        found = _or_raise(self.spaces.get(path, Space(1, 200 * GIB, 90 * GIB, 1_000_000, 900_000)))
        assert isinstance(found, Space)
        return found


def _or_raise(value: Any) -> Any:
    if isinstance(value, Exception):
        raise value
    return value
