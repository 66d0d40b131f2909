# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: E501 - a table is read along its rows
"""What can be wrong with a host in daily work, and what its check then says: a row each."""

from __future__ import annotations

import errno
import re
from typing import TYPE_CHECKING, Any, Callable

from cockpit_rhv.checks.context import Finished
from cockpit_rhv.checks.pool_facts import PoolFact
from cockpit_rhv.host.space import Space

from tests.unit import deploy_support as world
from tests.unit.health_support import ACCEPT, DROP, GIB, certificate, der, dport, guest, rule, ruleset

if TYPE_CHECKING:
    from tests.unit.health_support import Host


def nics(*found: dict[str, Any]) -> Callable[[Host], None]:
    return lambda host: host.facts.update(nics=list(found))


def files(**changed: str | None) -> Callable[[Host], None]:
    """Replace or remove (None) files; __ stands for a slash, and the name may be a part of a path."""

    def change(host: Host) -> None:
        for part, text in changed.items():
            name = next(name for name in host.files if part in re.sub(r"\W", "_", name))
            if text is None:
                del host.files[name]
            else:
                host.files[name] = text

    return change


def memory(**changed: int) -> Callable[[Host], None]:
    return lambda host: host.facts["memory"].update(changed)


def guests(*found: Any) -> Callable[[Host], None]:
    return lambda host: setattr(host, "guests", list(found))


def units(**changed: str | None) -> Callable[[Host], None]:
    """Units by name, a dot written as two underscores, a hyphen as one."""

    def change(host: Host) -> None:
        for key, state in changed.items():
            name = key.replace("__", ".").replace("_", "-")
            host.units.pop(name, None)
            if state is not None:
                host.units[name] = state

    return change


def vdsm(**more: str) -> Callable[[Host], None]:
    """A host of oVirt; ``more``: other states of its units."""

    def change(host: Host) -> None:
        states = {"vdsmd": "active", "supervdsmd": "active", "sanlock": "active", **more}
        host.units.update({f"{name}.service": state for name, state in states.items()})
        host.disabled.clear()

    return change


def pools(*found: PoolFact) -> Callable[[Host], None]:
    return lambda host: setattr(host, "pools", list(found))


def spaces(**found: Space | OSError) -> Callable[[Host], None]:
    return lambda host: host.spaces.update({"/" + name.replace("_", "/"): value for name, value in found.items()})


def command(name: str, done: Finished | Exception) -> Callable[[Host], None]:
    return lambda host: host.commands.update({name: done})


def firewall(*rules: Any, policy: str = "drop") -> Callable[[Host], None]:
    return command("nft", Finished(0, ruleset(*rules, policy=policy)))


def resolves(forward: list[str], reverse: list[str] | None = None) -> Callable[[Host], None]:
    def change(host: Host) -> None:
        host.names = {"host1.example.com": forward}
        host.reverse = {"192.0.2.10": ["host1.example.com"] if reverse is None else reverse}

    return change


def seen(**changed: Any) -> Callable[[Host], None]:
    return lambda host: host.hypervisor.update(changed)


BOND = [
    world.nic("bond0", "bond", "192.0.2.10", members=["eth0", "eth1"]),
    world.nic("eth0", "ethernet", None, controller="bond0"),
]
ILL: list[tuple[str, Callable[[Host], Any], str, str, str | None]] = [
    # check, what is wrong, severity, message, host task that mends it
    ("libvirt.versions", seen(version="7.9.0"), "warning", "checks.versions.old", None),
    ("libvirt.versions", seen(qemu_version="6.1.9"), "warning", "checks.versions.old", None),
    ("libvirt.versions", seen(qemu_version=None), "not_applicable", "checks.versions.none", None),
    ("libvirt.daemons", units(libvirtd__service="failed"), "error", "checks.daemons.failed", "start_unit"),
    ("libvirt.daemons", units(libvirtd__socket="inactive"), "error", "checks.daemons.stopped", "start_libvirt"),
    ("libvirt.daemons", units(virtlogd__socket="inactive", virtlogd__service="inactive"), "error", "checks.daemons.no_log", "start_unit"),
    ("libvirt.daemons", units(virtqemud__socket="active", virtqemud__service="inactive"), "error", "checks.daemons.both", None),
    ("libvirt.daemons", units(libvirtd__socket=None, libvirtd__service=None, virtqemud__socket="active", virtqemud__service="inactive", virtnetworkd__service="inactive"), "warning", "checks.daemons.missing", "start_unit"),
    ("libvirt.daemons", units(libvirtd__socket=None, libvirtd__service=None, virtqemud__socket="active", virtqemud__service="inactive"), "ok", "checks.daemons.modular", None),
    ("libvirt.daemons", units(libvirtd__socket=None, libvirtd__service=None), "not_applicable", "checks.daemons.none", None),
    ("guests.states", guests(guest("a", state="paused", reason="io_error")), "error", "checks.guest_states.io_error", None),
    ("guests.states", guests(guest("a", state="crashed", reason="panicked")), "error", "checks.guest_states.crashed", None),
    ("guests.states", guests(guest("a", active=False, state="shut_off", reason="crashed")), "error", "checks.guest_states.crashed", None),
    ("guests.states", guests(guest("a", state="paused", reason="user")), "ok", "checks.guest_states.ok", None),
    ("guests.states", guests(guest("a", state="unknown", reason=None)), "unknown", "checks.guest_states.unknown", None),
    ("guests.states", guests(), "not_applicable", "checks.guest_states.none", None),
    ("guests.memory", guests(guest("a", memory_mib=5000), guest("b", memory_mib=5000)), "warning", "checks.guest_memory.over", None),
    ("guests.memory", guests(guest("a", memory_mib=8193)), "warning", "checks.guest_memory.over", None),
    ("guests.memory", guests(guest("a", memory_mib=10_241)), "error", "checks.guest_memory.beyond", None),
    ("guests.memory", guests(guest("a", memory_mib=99_999, active=False)), "not_applicable", "checks.guest_load.none", None),
    ("guests.vcpus", guests(*(guest(f"g{n}", vcpus=2) for n in range(9))), "warning", "checks.guest_vcpus.over", None),
    ("guests.vcpus", guests(*(guest(f"g{n}", vcpus=2) for n in range(8))), "ok", "checks.guest_vcpus.ok", None),
    ("guests.vcpus", guests(guest("a", vcpus=5)), "warning", "checks.guest_vcpus.wide", None),
    ("guests.macs", guests(guest("a"), guest("b")), "error", "checks.guest_macs.live", None),
    ("guests.macs", guests(guest("a"), guest("b", active=False)), "warning", "checks.guest_macs.defined", None),
    ("guests.macs", guests(guest("a", macs=["52:54:00:00:00:01"] * 2)), "error", "checks.guest_macs.live", None),
    ("guests.macs", guests(guest("a", macs=[])), "not_applicable", "checks.guest_macs.none", None),
    ("kernel.vhost_net", lambda host: host.files.update({"dev/null": "", "dev/vhost-net": ""}) or host.files.pop("dev/vhost-net"), "warning", "checks.vhost.absent", None),
    ("kernel.cgroups", files(cgroup_controllers="cpuset cpu io\n"), "warning", "checks.cgroups.missing", None),
    ("kernel.cgroups", lambda host: host.files.pop("sys/fs/cgroup/cgroup.controllers") and host.files.update({"proc/cgroups": "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t3\t1\t1\ncpuset\t2\t1\t1\nblkio\t4\t1\t1\nmemory\t5\t1\t0\n"}), "warning", "checks.cgroups.missing", None),
    ("security.confinement", files(apparmor="N\n"), "warning", "checks.confinement.none", None),
    ("security.confinement", seen(security_models=["dac"]), "warning", "checks.confinement.unused", None),
    ("security.confinement", lambda host: host.files.update({"sys/fs/selinux/enforce": "0"}), "warning", "checks.confinement.permissive", None),
    ("security.confinement", lambda host: host.files.update({"sys/fs/selinux/enforce": "1"}), "warning", "checks.confinement.unused", None),
    ("memory.available", memory(available_mib=800), "warning", "checks.memory_free.low", None),
    ("memory.available", memory(available_mib=240), "error", "checks.memory_free.low", None),
    ("memory.available", memory(available_mib=820), "ok", "checks.memory_free.ok", None),
    ("memory.pressure", files(pressure_memory="some avg10=0 avg60=10.00 avg300=0 total=1\nfull avg10=0 avg60=9.99 avg300=0 total=1\n"), "warning", "checks.pressure.some", None),
    ("memory.pressure", files(pressure_memory="some avg10=0 avg60=40.00 avg300=0 total=1\nfull avg10=0 avg60=10.00 avg300=0 total=1\n"), "error", "checks.pressure.full", None),
    ("memory.pressure", files(pressure_memory=None), "not_applicable", "checks.pressure.none", None),
    ("memory.swap", memory(swap_free_mib=1024), "warning", "checks.swap.high", None),
    ("memory.swap", memory(swap_free_mib=102), "error", "checks.swap.high", None),
    ("memory.swap", memory(swap_total_mib=0, swap_free_mib=0), "not_applicable", "checks.swap.none", None),
    ("space.images", spaces(srv_images=Space(2, 100 * GIB, 9 * GIB, 0, 0)), "warning", "checks.space.low", None),
    ("space.images", spaces(srv_images=Space(2, 100 * GIB, 2 * GIB, 0, 0)), "error", "checks.space.low", None),
    ("space.images", spaces(srv_images=Space(2, 100 * GIB, 90 * GIB, 1000, 20)), "error", "checks.space.inodes", None),
    ("space.images", spaces(srv_images=Space(2, 100 * GIB, 90 * GIB, 0, 0)), "ok", "checks.space.ok", None),
    ("space.images", spaces(srv_images=TimeoutError("/srv/images does not answer")), "unknown", "checks.space.silent", None),
    ("space.logs", spaces(var_log=Space(3, 10 * GIB, GIB // 4, 100, 90)), "error", "checks.space.low", None),
    ("space.logs", spaces(run=Space(4, GIB, GIB, 1000, 90)), "warning", "checks.space.inodes", None),
    ("storage.pools", pools(PoolFact("images", "dir", False, True, "/srv/images")), "error", "checks.pools.inactive", "start_pool"),
    ("storage.pools", pools(PoolFact("iso", "netfs", False, False, "/srv/iso")), "warning", "checks.pools.inactive", "start_pool"),
    ("storage.pools", pools(PoolFact("a b'; <c", "dir", False, True, "/srv/x")), "error", "checks.pools.inactive", None),
    ("storage.pools", spaces(srv_images=TimeoutError("/srv/images does not answer")), "error", "checks.pools.unreachable", None),
    ("storage.pools", spaces(srv_images=OSError(errno.ESTALE, "Stale file handle")), "error", "checks.pools.unreachable", None),
    ("storage.pools", spaces(srv_images=PermissionError(13, "Permission denied")), "ok", "checks.pools.ok", None),
    ("storage.pools", pools(PoolFact("vg", "logical", True, True, None)), "ok", "checks.pools.ok", None),
    ("storage.pools", pools(), "not_applicable", "checks.pools.none", None),
    ("network.members", nics(*BOND, world.nic("eth1", "ethernet", None, up=False, controller="bond0")), "warning", "checks.links.member_down", None),
    ("network.members", nics(*BOND), "warning", "checks.links.member_down", None),
    ("network.members", nics(world.nic("br0", "bridge", None, members=["eth0", "vnet0"]), world.nic("eth0", "ethernet", None, up=False), world.nic("vnet0", "virtual", None)), "error", "checks.links.dead", None),
    ("network.members", lambda host: (nics(*BOND, world.nic("eth1", "ethernet", None, controller="bond0"))(host), host.files.update({"sys/class/net/eth1/bonding_slave/mii_status": "going back\n"})), "warning", "checks.links.member_down", None),
    ("network.members", nics(*BOND, world.nic("eth1", "ethernet", None, controller="bond0")), "ok", "checks.links.ok", None),
    ("network.members", nics(world.nic("virbr0", "bridge", None, members=["vnet0"]), world.nic("vnet0", "virtual", None, up=False)), "not_applicable", "checks.links.none", None),
    ("network.mtu", nics({**world.nic("br0", "bridge", None, members=["eth0"]), "mtu": 9000}, world.nic("eth0", "ethernet", None)), "error", "checks.mtu.cut", None),
    ("network.mtu", nics(world.nic("br0", "bridge", None, members=["eth0"]), {**world.nic("eth0", "ethernet", None), "mtu": 9000}), "warning", "checks.mtu.uneven", None),
    ("network.mtu", nics({**world.nic("eth0.7", "vlan", None, members=["eth0"]), "mtu": 1504}, world.nic("eth0", "ethernet", None)), "error", "checks.mtu.cut", None),
    ("network.mtu", nics(world.nic("eth0.7", "vlan", None, members=["eth0"]), {**world.nic("eth0", "ethernet", None), "mtu": 9000}), "ok", "checks.mtu.ok", None),
    ("network.mtu", nics(world.nic("eth0", "ethernet", None)), "not_applicable", "checks.mtu.none", None),
    ("host.name", lambda host: host.facts.update(fqdn=None), "warning", "checks.host_name.short", None),
    ("host.name", resolves([]), "warning", "checks.host_name.unknown", None),
    ("host.name", resolves(["127.0.1.1"]), "warning", "checks.host_name.loopback", None),
    ("host.name", resolves(["192.0.2.99"]), "error", "checks.host_name.elsewhere", None),
    ("host.name", resolves(["192.0.2.10"], []), "warning", "checks.host_name.nameless", None),
    ("host.name", resolves(["192.0.2.10"], ["other.example.com"]), "warning", "checks.host_name.other", None),
    ("host.name", resolves(["192.0.2.10"], ["HOST1.example.com."]), "ok", "checks.host_name.ok", None),
    ("network.firewall", firewall(rule(dport(22), ACCEPT)), "error", "checks.firewall.closed", "open_port"),
    ("network.firewall", firewall(rule(dport(54321), DROP), policy="accept"), "error", "checks.firewall.closed", "open_port"),
    ("network.firewall", firewall(rule(dport(6000), DROP), policy="accept"), "warning", "checks.firewall.closed", "open_port"),
    ("network.firewall", firewall(rule({"xt": {"type": "match", "name": "geoip"}}, DROP), policy="accept"), "unknown", "checks.firewall.unsure", None),
    ("network.firewall", command("nft", FileNotFoundError(2, "nft")), "unknown", "checks.firewall.no_tool", None),
    ("network.firewall", command("nft", Finished(1, "Operation not permitted (you must be root)")), "unknown", "checks.firewall.denied", None),
    ("network.firewall", command("nft", Finished(0, "[]")), "unknown", "checks.firewall.strange", None),
    ("network.firewall", files(nf_tables=None), "ok", "checks.firewall.no_filter", None),
    ("network.firewall", files(agent_pem=None), "not_applicable", "checks.firewall.none", None),
    ("certificates.expiry", files(agent_pem=certificate(29.5).decode()), "warning", "checks.certificates.soon", None),
    ("certificates.expiry", files(agent_pem=certificate(6.5).decode()), "error", "checks.certificates.soon", None),
    ("certificates.expiry", files(agent_pem=certificate(-1).decode()), "error", "checks.certificates.expired", None),
    ("certificates.expiry", files(agent_pem=certificate(400, begins=1).decode()), "error", "checks.certificates.early", None),
    ("certificates.expiry", files(agent_pem="nonsense"), "unknown", "checks.certificates.unread", None),
    ("certificates.expiry", lambda host: setattr(host, "engine_certificate", der(certificate(3))), "error", "checks.certificates.soon", None),
    ("certificates.expiry", lambda host: setattr(host, "engine_certificate", ConnectionRefusedError(111, "Connection refused")), "unknown", "checks.certificates.unread", None),
    ("certificates.expiry", lambda host: host.files.update({"etc/pki/vdsm/certs/vdsmcert.pem": certificate(-2).decode()}), "error", "checks.certificates.expired", None),
    ("certificates.expiry", lambda host: host.files.clear(), "not_applicable", "checks.certificates.none", None),
    ("agent.connected", units(cockpit_rhv_agent__service="failed"), "error", "checks.agent.stopped", "start_unit"),
    ("agent.connected", units(cockpit_rhv_agent__service="activating"), "unknown", "checks.agent.starting", None),
    ("agent.connected", files(agent_json='{"clients": []}'), "warning", "checks.agent.alone", None),
    ("agent.connected", files(agent_json="{"), "unknown", "checks.agent.silent", None),
    ("agent.connected", files(agent_pem=None), "not_applicable", "checks.agent.none", None),
    ("units.failed", command("systemctl", Finished(0, "smartd.service loaded failed failed SMART\n")), "warning", "checks.units.failed", None),
    ("units.failed", command("systemctl", Finished(0, "smartd.service loaded failed failed SMART\nlibvirtd.service loaded failed failed x\n")), "error", "checks.units.failed", "start_unit"),
    ("units.failed", command("systemctl", Finished(0, "sanlock.service loaded failed failed x\n")), "error", "checks.units.failed", None),
    ("units.failed", command("systemctl", Finished(0, "cockpit-rhv-job-20260101-000000-abcd.service loaded failed failed x\n")), "ok", "checks.units.ok", None),
    ("vdsm.services", vdsm(), "ok", "checks.vdsm.ok", None),
    ("vdsm.services", vdsm(vdsmd="failed"), "error", "checks.vdsm.stopped", "start_unit"),
    ("vdsm.services", vdsm(sanlock="failed"), "error", "checks.vdsm.stopped", None),
    ("kernel.taint", files(tainted=str(1 << 7 | 1 << 12)), "error", "checks.taint.harm", None),
    ("kernel.taint", files(tainted=str(1 << 9)), "warning", "checks.taint.harm", None),
    ("kernel.taint", files(tainted="0"), "ok", "checks.taint.ok", None),
    ("hardware.memory", files(ue_count="1\n"), "error", "checks.edac.uncorrected", None),
    ("hardware.memory", files(ce_count="7\n"), "warning", "checks.edac.corrected", None),
    ("hardware.memory", lambda host: host.files.clear(), "not_applicable", "checks.edac.none", None),
    ("host.reboot", lambda host: host.files.update({"run/reboot-required": "", "run/reboot-required.pkgs": "linux-image\n"}), "warning", "checks.reboot.asked", None),
    ("host.reboot", lambda host: host.files.update({"lib/modules/6.12.100+deb13-amd64/modules.dep": ""}), "warning", "checks.reboot.newer", None),
    ("host.reboot", lambda host: host.files.pop("lib/modules/6.12.41+deb13-amd64/modules.dep"), "warning", "checks.reboot.gone", None),
    ("host.reboot", lambda host: host.files.update({"run/systemd/container": "systemd-nspawn"}), "not_applicable", "checks.reboot.container", None),
]  # fmt: skip
