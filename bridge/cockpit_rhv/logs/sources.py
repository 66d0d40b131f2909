# SPDX-License-Identifier: Apache-2.0
"""What a log archive holds: a table of sources in the steps that a reader sees, the most telling ones first."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Callable, NamedTuple

from ..deploy import places
from ..deploy.state import RECORD
from ..deploy.upgrade_record import UPGRADE
from ..events.files import event_files
from ..jobs.store import JobStore
from ..messages import Message, msg
from .reading import Call, Command, File, Source, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MIB = 2**20
#: Guests whose definitions are kept, and files of one folder: a bound, far above what a host has.
MOST_ITEMS = 2500
_VIRSH = ("virsh", "--readonly", "--connect", "qemu:///system")
_ITEM = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Wanted(NamedTuple):
    """``since_s``: epoch, 0 for all there is. ``guests``: with the logs of guests. ``root``: of the host's files."""

    since_s: float
    guests: bool
    root: Path = Path("/")


@dataclass(frozen=True)
class Step:
    """Sources that are read together, under one title."""

    title: Message
    sources: Callable[[Wanted], Iterable[Source]]


def _host(wanted: Wanted) -> Iterator[Source]:
    yield Source("host/facts.json", Call("facts of this host", _facts))
    commands = {
        "uname": "uname -a",
        "uptime": "uptime",
        "hostnamectl": "hostnamectl status",
        "timedatectl": "timedatectl status",
        "memory": "free -m",
        "cpu": "lscpu",
        "pci": "lspci -nn",
        "modules": "lsmod",
        # Names only: arguments of programs may hold anything.
        "processes": "ps -eo pid,ppid,user,stat,rss,pcpu,etime,comm",
        "units": "systemctl list-units --all --no-pager --plain",
        "units-failed": "systemctl list-units --failed --no-pager --plain",
        "coredumps": "coredumpctl list --no-pager",
        "packages-deb": "dpkg-query --show",
        "packages-rpm": "rpm --query --all",
        "virt-host-validate": "virt-host-validate",
        "libvirt-version": " ".join((*_VIRSH, "version")),
    }
    yield from _commands("host", commands)
    for name in ("etc/os-release", "proc/meminfo", "proc/cmdline", "proc/loadavg", "proc/pressure/memory"):
        # What is a link on most systems is asked for by where it leads.
        path = "usr/lib/os-release" if name == "etc/os-release" else name
        yield _file(wanted, f"host/{name.replace('/', '-')}", path)
    for found in _found(wanted, "etc/libvirt", "*.conf"):
        yield Source(f"host/etc-libvirt/{found.name}", File(found))


def _health(_wanted: Wanted) -> Iterator[Source]:
    yield Source("host/health.json", Call("cockpit-rhv check --json", _check), limit_s=60.0)


def _network(wanted: Wanted) -> Iterator[Source]:
    commands = {
        "address": "ip -details address",
        "links": "ip -statistics link",
        "route": "ip route show table all",
        "rule": "ip rule",
        "neighbours": "ip neighbour",
        "bridge-link": "bridge -details link",
        "bridge-vlan": "bridge vlan",
        "nft": "nft list ruleset",
        "firewalld": "firewall-cmd --list-all-zones",
        "listeners": "ss -tulpn",
        "networkmanager": "nmcli connection show",
        "libvirt-networks": " ".join((*_VIRSH, "net-list", "--all")),
    }
    yield from _commands("network", commands)
    for name in ("etc/hosts", "etc/resolv.conf", "etc/nsswitch.conf"):
        yield _file(wanted, f"network/{name.replace('/', '-')}", name)
    for path in _found(wanted, "proc/net/bonding", "*"):
        yield Source(f"network/bonding-{path.name}", File(path))
    yield from _definitions("network/libvirt", "net-list", "net-dumpxml")


def _storage(wanted: Wanted) -> Iterator[Source]:
    commands = {
        "block-devices": "lsblk --all --output NAME,TYPE,SIZE,FSTYPE,MOUNTPOINT,ROTA,RO,STATE,MODEL",
        "space": "df --human-readable --print-type",
        "inodes": "df --inodes",
        "volume-groups": "vgs",
        "logical-volumes": "lvs --all --options +devices,lv_health_status,data_percent,metadata_percent",
        "physical-volumes": "pvs",
        "multipath": "multipath -ll",
        "iscsi-sessions": "iscsiadm --mode session",
        "libvirt-pools": " ".join((*_VIRSH, "pool-list", "--all", "--details")),
    }
    yield from _commands("storage", commands)
    for name in ("proc/self/mountinfo", "proc/mdstat", "etc/fstab", "etc/multipath.conf"):
        yield _file(wanted, f"storage/{name.replace('/', '-')}", name)
    pools = list(_listed("pool-list"))
    yield from _dumps("storage/libvirt", "pool-dumpxml", pools)
    for pool in pools:
        yield Source(f"storage/libvirt/{pool}-volumes.txt", Command((*_VIRSH, "vol-list", "--details", "--pool", pool)))


def _guests(_wanted: Wanted) -> Iterator[Source]:
    yield Source("guests/list.txt", Command((*_VIRSH, "list", "--all")))
    yield Source("guests/identities.txt", Command((*_VIRSH, "list", "--all", "--uuid", "--name")))
    yield Source("guests/statistics.txt", Command((*_VIRSH, "domstats", "--nowait")))
    yield from _definitions("guests", "list", "dumpxml")


def _jobs(_wanted: Wanted) -> Iterator[Source]:
    store = JobStore()
    for job_id in store.ids():
        folder = store.root / job_id
        for name in ("summary.json", "status.json", "events.ndjson"):
            yield Source(f"jobs/{job_id}/{name}", File(folder / name))
        for path in sorted((folder / "private" / "artifacts").glob("*/stdout")):
            yield Source(f"jobs/{job_id}/output-{path.parent.name}.txt", File(path))
    yield Source("engine/engine.json", File(places.engine_json()))
    for name in (RECORD, UPGRADE):
        yield Source(f"engine/{name}", File(places.state_dir() / name))
    for path in event_files():
        yield Source(f"events/{path.name}", File(path))


def _journals(wanted: Wanted) -> Iterator[Source]:
    journal = ["journalctl", "--no-pager", "--output=short-iso-precise", "--quiet"]
    if wanted.since_s:
        journal.append(f"--since=@{int(wanted.since_s)}")
    parts = {
        "libvirt": [f"--unit={name}" for name in ("libvirtd", "virt*d", "virtlogd", "virtlockd")],
        "cockpit-rhv": ["--unit=cockpit-rhv-*"],
        "vdsm": [f"--unit={name}" for name in ("vdsmd", "supervdsmd", "ovirt-ha-*", "sanlock", "wdmd", "mom-vdsm")],
        "kernel": ["--dmesg"],
        "warnings": ["--priority=warning"],
        "all": [],
    }
    for name, arguments in parts.items():
        limit = 24 * MIB if name == "all" else 12 * MIB
        yield Source(f"journal/{name}.txt", Command((*journal, *arguments)), limit, limit_s=60.0)


def _libvirt_logs(wanted: Wanted) -> Iterator[Source]:
    yield from _logs(wanted, "var/log/libvirt", "*.log", 8 * MIB)
    yield from _logs(wanted, "var/log/swtpm/libvirt/qemu", "*.log", MIB)


def _guest_logs(wanted: Wanted) -> Iterator[Source]:
    if wanted.guests:
        yield from _logs(wanted, "var/log/libvirt/qemu", "*.log", 2 * MIB)


def _vdsm(wanted: Wanted) -> Iterator[Source]:
    commands = {
        "hosted-engine": "hosted-engine --vm-status --json",
        "sanlock": "sanlock client status",
        "node": "nodectl info",
    }
    yield from _commands("vdsm", commands)
    for folder in ("vdsm", "ovirt-hosted-engine-ha", "ovirt-hosted-engine-setup", "vdsm/import"):
        yield from _logs(wanted, f"var/log/{folder}", "*.log", 12 * MIB)
    yield _file(wanted, "var/log/sanlock.log", "var/log/sanlock.log", wanted.since_s)
    for name in ("etc/vdsm/vdsm.conf", "etc/vdsm/vdsm.id"):
        yield _file(wanted, f"vdsm/{Path(name).name}", name)


#: In the order they are read: what is small and tells most first, so that a full archive lacks the least.
STEPS: tuple[Step, ...] = (
    Step(msg("logs.step.health", "Checking the health of this host"), _health),
    Step(msg("logs.step.host", "Reading what this host is"), _host),
    Step(msg("logs.step.network", "Reading the state of the network"), _network),
    Step(msg("logs.step.storage", "Reading the state of the storage"), _storage),
    Step(msg("logs.step.guests", "Reading the definitions of the guests"), _guests),
    Step(msg("logs.step.jobs", "Reading jobs and events"), _jobs),
    Step(msg("logs.step.libvirt", "Reading libvirt's logs"), _libvirt_logs),
    Step(msg("logs.step.vdsm", "Reading the logs of vdsm, sanlock and hosted engine"), _vdsm),
    Step(msg("logs.step.journals", "Reading the journals"), _journals),
    Step(msg("logs.step.guest_logs", "Reading the guests' logs"), _guest_logs),
)


def _commands(folder: str, commands: dict[str, str]) -> Iterator[Source]:
    for name, line in commands.items():
        yield Source(f"{folder}/{name}.txt", Command(tuple(line.split())))


def _file(wanted: Wanted, name: str, path: str, since_s: float = 0.0) -> Source:
    return Source(name, File(wanted.root / path, since_s))


def _found(wanted: Wanted, folder: str, pattern: str) -> list[Path]:
    return sorted((wanted.root / folder).glob(pattern))[:MOST_ITEMS]


def _logs(wanted: Wanted, folder: str, pattern: str, limit: int) -> Iterator[Source]:
    found = _found(wanted, folder, pattern)
    for path in found:
        yield Source(f"{folder}/{path.name}", File(path, wanted.since_s), limit)
    if not found:
        yield Source(f"{folder}/{pattern}", File(wanted.root / folder / pattern))


def _listed(command: str) -> Iterator[str]:
    """UUIDs of libvirt's objects; none where it does not answer, which its list itself records."""
    listing = read_source(Source(command, Command((*_VIRSH, command, "--all", "--uuid"))), MIB)
    words = listing.data.decode("utf-8", "replace").split() if listing.status == "ok" else []
    return iter([word for word in words if _ITEM.fullmatch(word)][:MOST_ITEMS])


def _dumps(folder: str, dump: str, items: Iterable[str]) -> Iterator[Source]:
    for item in items:
        # Not --security-info: passwords stay out. The names of guests are in the lists.
        yield Source(f"{folder}/{item}.xml", Command((*_VIRSH, dump, item)), MIB)


def _definitions(folder: str, listing: str, dump: str) -> Iterator[Source]:
    yield from _dumps(folder, dump, _listed(listing))


def _facts() -> bytes:
    from ..host.facts import read_host_facts

    return _json(read_host_facts())


def _check() -> bytes:
    from ..checks.context import Context
    from ..checks.registry import run_checks

    return _json(run_checks(None, Context()).to_json())


def _json(value: object) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode("utf-8", "backslashreplace")
