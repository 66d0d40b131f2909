# SPDX-License-Identifier: Apache-2.0
"""A host that really falls ill: each check names it, and what its button does makes it well again."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.host.hoststate import changes, host_state
from tests.unit.health_ovirt import SECOND, UP
from tests.unit.health_support import certificate
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.testhost.host import TestHost

pytestmark = [pytest.mark.host, pytest.mark.timeout(300)]

LIBVIRT = "libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket libvirtd.service"
PKI = "/etc/cockpit-rhv/pki"
DOMAIN = """<domain type='qemu'><name>{name}</name><memory unit='MiB'>{memory}</memory><vcpu>{vcpus}</vcpu>
<os><type arch='x86_64'>hvm</type></os><devices>{devices}</devices></domain>"""
NIC = "<interface type='user'><mac address='52:54:00:be:ef:01'/></interface>"
POOL = "<pool type='dir'><name>rhv-health</name><target><path>{path}</path></target></pool>"


def shell(host: TestHost, script: str, *, check: bool = True) -> str:
    return host.container.run("sh", "-ec", script, check=check, limit_s=120).stdout.strip()


def report(host: TestHost, user: str | None = None) -> dict[str, Any]:
    """The report, its exit status, and each result by the check's id."""
    began = time.monotonic()
    done = host.container.run("cockpit-rhv", "check", "--json", check=False, limit_s=90, user=user)
    assert "Traceback" not in done.stderr, done.stderr
    found = json.loads(done.stdout)
    assert done.returncode == {"ok": 0, "warning": 1, "unknown": 1, "error": 2}[found["verdict"]]
    return {**found, "took_s": time.monotonic() - began, "by_id": {item["id"]: item for item in found["results"]}}


def result(host: TestHost, check: str) -> tuple[str, str]:
    """Severity and message of one check."""
    found = report(host)["by_id"][check]
    return found["severity"], found["summary"]["id"]


def press(host: TestHost, check: str) -> None:
    """Do what the button of this check's remedy does, and wait for its end."""
    remedy = report(host)["by_id"][check]["remedy_job"]
    assert remedy is not None, f"{check} has no button"
    code = (
        "import json, sys; from cockpit_rhv.checks.remedies import start_task; "
        "print(start_task(sys.argv[1], json.loads(sys.argv[2]), 'root'))"
    )
    started = host.container.run("python3", "-c", code, remedy["task"], json.dumps(remedy["params"]))
    followed = host.container.run("cockpit-rhv", "attach", started.stdout.strip(), check=False, limit_s=120)
    assert followed.returncode == 0, followed.stdout + followed.stderr


@pytest.fixture(autouse=True)
def as_before(faulty: TestHost) -> Iterator[None]:
    """Each test leaves the host as it found it."""
    before = host_state(faulty)
    yield
    assert changes(before, host_state(faulty)) == []


@pytest.fixture
def undo(faulty: TestHost) -> Iterator[Callable[[str], None]]:
    """Shell commands to run at the end, the last one first, whether the test passed or not."""
    scripts: list[str] = []
    yield scripts.append
    for script in reversed(scripts):
        # Whatever is gone already, the rest of the script is still to be done.
        faulty.container.run("sh", "-c", script, check=False)


@contextmanager
def enrolled(host: TestHost, pem: bytes) -> Iterator[None]:
    """The agent seems to have a certificate from a Manager."""
    folder = host.container.root / PKI.lstrip("/")
    existed = [parent for parent in (folder, folder.parent) if not parent.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        (folder / "agent.pem").write_bytes(pem)
        yield
    finally:
        (folder / "agent.pem").unlink()
        for made in existed:
            shutil.rmtree(made, ignore_errors=True)


def test_the_host_as_it_is(faulty: TestHost) -> None:
    """Nothing is broken, whatever else there is to say of a container; and it takes seconds."""
    found = report(faulty)
    errors = {check: item["summary"] for check, item in found["by_id"].items() if item["severity"] == "error"}
    assert errors == {}
    assert found["by_id"]["libvirt.daemons"]["severity"] == "ok"
    assert found["by_id"]["units.failed"]["severity"] == "ok"
    assert found["by_id"]["host.reboot"]["summary"]["id"] == "checks.reboot.container"
    assert found["by_id"]["agent.connected"]["severity"] == "not_applicable"
    assert found["elapsed_s"] < 15


def test_an_ordinary_user_is_told_what_cannot_be_read(faulty: TestHost) -> None:
    with enrolled(faulty, certificate(400)):
        found = report(faulty, user="nobody")["by_id"]
    assert found["network.firewall"]["severity"] == "unknown"
    assert found["memory.available"]["severity"] == "ok"


def test_libvirt_stopped_and_started_by_its_button(faulty: TestHost, undo: Callable[[str], None]) -> None:
    undo("systemctl start libvirtd.socket libvirtd-ro.socket libvirtd-admin.socket")
    shell(faulty, f"systemctl stop {LIBVIRT}")
    assert result(faulty, "libvirt.connection")[0] == "error"
    assert result(faulty, "libvirt.daemons") == ("error", "checks.daemons.stopped")
    assert result(faulty, "guests.states")[0] == "unknown", "nobody knows how the guests are"
    press(faulty, "libvirt.daemons")
    assert result(faulty, "libvirt.daemons")[0] == "ok"
    assert result(faulty, "libvirt.connection")[0] == "ok"


def test_libvirt_that_hangs_freezes_nothing(faulty: TestHost, undo: Callable[[str], None]) -> None:
    shell(faulty, "virsh list >/dev/null")  # socket-activated: there is a process to stop
    pid = shell(faulty, "systemctl show --property=MainPID --value libvirtd.service")
    undo(f"kill -CONT {pid}")
    shell(faulty, f"kill -STOP {pid}")
    found = report(faulty)
    assert found["by_id"]["libvirt.connection"]["severity"] == "unknown"
    assert found["by_id"]["kernel.taint"]["severity"] in ("ok", "warning", "error")
    assert found["elapsed_s"] < 30
    assert found["took_s"] < 45


def test_a_pool_that_is_not_active(faulty: TestHost, undo: Callable[[str], None]) -> None:
    undo("rm -rf /srv/rhv-health")
    undo("virsh pool-destroy rhv-health; virsh pool-undefine rhv-health")
    shell(faulty, f'mkdir -p /srv/rhv-health; echo "{POOL.format(path="/srv/rhv-health")}" > /tmp/pool.xml')
    shell(faulty, "virsh pool-define /tmp/pool.xml; rm /tmp/pool.xml")
    assert result(faulty, "storage.pools") == ("warning", "checks.pools.inactive")
    shell(faulty, "virsh pool-autostart rhv-health")
    assert result(faulty, "storage.pools") == ("error", "checks.pools.inactive")
    press(faulty, "storage.pools")
    assert result(faulty, "storage.pools")[0] == "ok"
    # And now what it lies on goes.
    shell(faulty, "rmdir /srv/rhv-health")
    assert result(faulty, "storage.pools") == ("error", "checks.pools.unreachable")


@pytest.mark.parametrize(
    ("options", "fill", "message"),
    [
        ("size=8m", "head -c 8M /dev/zero > /srv/rhv-health/full", "checks.space.low"),
        ("size=8m,nr_inodes=40", "cd /srv/rhv-health; touch $(seq 60)", "checks.space.inodes"),
    ],
)
def test_a_full_file_system(
    faulty: TestHost, undo: Callable[[str], None], options: str, fill: str, message: str
) -> None:
    undo("umount /srv/rhv-health; rmdir /srv/rhv-health")
    undo("virsh pool-destroy rhv-health; virsh pool-undefine rhv-health")
    shell(faulty, f"mkdir -p /srv/rhv-health; mount -t tmpfs -o {options} none /srv/rhv-health")
    shell(faulty, f'echo "{POOL.format(path="/srv/rhv-health")}" > /tmp/pool.xml; virsh pool-create /tmp/pool.xml')
    shell(faulty, "rm /tmp/pool.xml")
    assert result(faulty, "space.images")[1] != message
    shell(faulty, fill, check=False)
    assert result(faulty, "space.images") == ("error", message)


def test_a_bond_that_lost_a_member(faulty: TestHost, undo: Callable[[str], None]) -> None:
    undo("for nic in rhvbond rhvdum0 rhvdum1; do ip link del $nic 2>/dev/null || true; done")
    made = faulty.container.run("ip", "link", "add", "rhvbond", "type", "bond", "mode", "active-backup", check=False)
    if made.returncode != 0:
        pytest.skip(f"the kernel of this machine has no bonds: {made.stderr.strip()}")
    for nic in ("rhvdum0", "rhvdum1"):
        shell(faulty, f"ip link add {nic} type dummy; ip link set {nic} master rhvbond; ip link set {nic} up")
    shell(faulty, "ip link set rhvbond up")
    assert result(faulty, "network.members")[0] in ("ok", "warning")
    shell(faulty, "ip link set rhvdum0 down")
    assert result(faulty, "network.members") == ("warning", "checks.links.member_down")
    shell(faulty, "ip link set rhvdum1 down")
    assert result(faulty, "network.members") == ("error", "checks.links.dead")


def test_frame_sizes_that_do_not_fit(faulty: TestHost, undo: Callable[[str], None]) -> None:
    undo("ip link del rhvdum0; ip link del rhvbr0")
    shell(faulty, "ip link add rhvbr0 type bridge; ip link add rhvdum0 type veth peer name rhvdum1")
    left_alone(faulty, "rhvbr0", "rhvdum0", "rhvdum1")
    shell(faulty, "ip link set rhvdum0 mtu 1500 master rhvbr0; ip link set rhvbr0 mtu 1500")
    assert frame_sizes(faulty) == ("ok", "checks.mtu.ok", "1500; rhvdum0: 1500")
    shell(faulty, "ip link set rhvbr0 mtu 1400")
    assert frame_sizes(faulty) == ("warning", "checks.mtu.uneven", "1400; rhvdum0: 1500"), shell(faulty, "ip link")


def left_alone(host: TestHost, *nics: str) -> None:
    """NetworkManager keeps off them: it would ask for an address there, and in the end take a port out of its bridge.

    The report would then be right to say that all is well, for the host's own bridge fits.
    """
    for nic in nics:
        command = f"nmcli -g GENERAL.STATE device show {nic}"
        until(f"{nic} is ours", partial(shell, host, command, check=False), lambda state: state == "10 (unmanaged)")


def frame_sizes(host: TestHost) -> tuple[str, str, str | None]:
    """Severity, message, and what was read of the bridge; None when it seemed to have no member."""
    found = report(host)["by_id"]["network.mtu"]
    read = {item["source"]: item["value"] for item in found["evidence"]}
    return found["severity"], found["summary"]["id"], read.get("/sys/class/net/rhvbr0/mtu")


def test_a_failed_unit(faulty: TestHost, undo: Callable[[str], None]) -> None:
    undo("systemctl reset-failed rhv-health-broken.service")
    shell(faulty, "systemd-run --quiet --unit=rhv-health-broken false; sleep 1", check=False)
    found = report(faulty)["by_id"]["units.failed"]
    assert (found["severity"], found["summary"]["id"]) == ("warning", "checks.units.failed")
    assert "rhv-health-broken.service" in found["summary"]["params"]["units"]


def test_a_vdsm_that_does_not_run(faulty: TestHost, undo: Callable[[str], None]) -> None:
    unit = "/etc/systemd/system/vdsmd.service"
    undo(f"rm -f {unit}; systemctl reset-failed vdsmd.service; systemctl daemon-reload")
    shell(faulty, f"printf '[Service]\\nExecStart=/bin/false\\n' > {unit}; systemctl daemon-reload")
    shell(faulty, "systemctl start vdsmd.service; sleep 1", check=False)
    found = report(faulty)["by_id"]
    assert (found["vdsm.services"]["severity"], found["vdsm.services"]["summary"]["id"]) == (
        "error",
        "checks.vdsm.stopped",
    )
    assert found["units.failed"]["severity"] == "error", "vdsm is vital"
    shell(faulty, f"printf '[Service]\\nExecStart=/bin/sleep 1000\\n' > {unit}; systemctl daemon-reload")
    undo("systemctl stop vdsmd.service")
    press(faulty, "vdsm.services")
    assert result(faulty, "vdsm.services")[0] == "ok"


def test_guests_with_one_mac_address_too_many_processors_and_a_crash(
    faulty: TestHost, undo: Callable[[str], None]
) -> None:
    for name, vcpus in (("rhv-h1", 1), ("rhv-h2", 64)):
        undo(f"virsh destroy {name} 2>/dev/null; virsh undefine {name}; rm -f /var/log/libvirt/qemu/{name}.log")
        xml = DOMAIN.format(name=name, memory=32, vcpus=vcpus, devices=NIC)
        shell(faulty, f'echo "{xml}" > /tmp/guest.xml; virsh define /tmp/guest.xml; rm /tmp/guest.xml')
    assert result(faulty, "guests.macs") == ("warning", "checks.guest_macs.defined")
    assert result(faulty, "guests.vcpus")[0] in ("not_applicable", "ok")
    shell(faulty, "virsh start rhv-h1; virsh start rhv-h2")
    assert result(faulty, "guests.macs") == ("error", "checks.guest_macs.live")
    assert result(faulty, "guests.vcpus") == ("warning", "checks.guest_vcpus.wide")
    shell(faulty, "kill -SEGV $(cat /run/libvirt/qemu/rhv-h1.pid); sleep 2")
    assert result(faulty, "guests.states") == ("error", "checks.guest_states.crashed")


def test_the_agent_of_an_enrolled_host_does_not_run(faulty: TestHost) -> None:
    with enrolled(faulty, certificate(400)):
        found = report(faulty)["by_id"]
        assert (found["agent.connected"]["severity"], found["agent.connected"]["summary"]["id"]) == (
            "error",
            "checks.agent.stopped",
        )
        assert found["agent.connected"]["remedy_job"]["task"] == "start_unit"


@pytest.mark.parametrize(
    ("pem", "severity", "message"),
    [
        (certificate(-1), "error", "checks.certificates.expired"),
        (certificate(5), "error", "checks.certificates.soon"),
        (certificate(20), "warning", "checks.certificates.soon"),
        (b"nonsense", "unknown", "checks.certificates.unread"),
    ],
)
def test_certificates(faulty: TestHost, pem: bytes, severity: str, message: str) -> None:
    with enrolled(faulty, pem):
        assert result(faulty, "certificates.expiry") == (severity, message)


def test_a_firewall_that_closes_the_managers_port(faulty: TestHost, undo: Callable[[str], None]) -> None:
    with enrolled(faulty, certificate(400)):
        assert result(faulty, "network.firewall")[0] in ("ok", "unknown")
        undo("nft delete table inet rhvhealth")
        shell(
            faulty,
            "nft add table inet rhvhealth; "
            "nft add chain inet rhvhealth input '{ type filter hook input priority 0; policy accept; }'; "
            "nft add rule inet rhvhealth input tcp dport 54321 drop",
        )
        assert result(faulty, "network.firewall") == ("error", "checks.firewall.closed")


def test_a_name_that_leads_elsewhere(faulty: TestHost) -> None:
    hosts = faulty.container.root / "etc/hosts"
    before = hosts.read_text()
    hostname = shell(faulty, "cat /proc/sys/kernel/hostname")
    fqdn = hostname if "." in hostname else f"{hostname}.elsewhere.test"
    others = [line for line in before.splitlines() if hostname not in line.split()]
    try:
        hosts.write_text("\n".join([f"203.0.113.7 {fqdn} {hostname}", *others, ""]))
        found = report(faulty)["by_id"]["host.name"]
    finally:
        hosts.write_text(before)
    assert (found["severity"], found["summary"]["id"]) == ("error", "checks.host_name.elsewhere"), found


def test_updates_by_the_lists_that_lie_on_the_host(faulty: TestHost, undo: Callable[[str], None]) -> None:
    """The lists are set aside and made old, never fetched: the host has no way out."""
    lists = "/var/lib/apt/lists"
    undo(f"rm -rf {lists}; mv {lists}.rhv {lists}")
    shell(faulty, f"mv {lists} {lists}.rhv; mkdir -p {lists}/partial")
    found = report(faulty)["by_id"]["host.updates"]
    assert (found["severity"], found["summary"]["id"]) == ("unknown", "checks.updates.never")
    assert found["remedy_job"]["task"] == "refresh_packages"
    stamp = "/var/lib/apt/periodic/update-success-stamp"
    shell(faulty, f"test ! -e {stamp} && touch {lists}/x_InRelease && touch -d '30 days ago' {lists}/partial {lists}")
    assert result(faulty, "host.updates") == ("unknown", "checks.updates.stale")
    shell(faulty, f"touch {lists}/partial")
    assert result(faulty, "host.updates")[0] == "ok"


HOSTED_ENGINE = """#!/bin/sh
# Stands in for oVirt's tool: it keeps the mode in a file.
case "$1" in
--set-maintenance) echo "${2#--mode=}" > /run/rhv-ha-mode ;;
--vm-status)
  test "$(cat /run/rhv-ha-mode)" = hang && exec sleep 1000
  test "$(cat /run/rhv-ha-mode)" = broken && { echo "{'exception': 'Failed to connect to broker'}"; exit 0; }
  test "$(cat /run/rhv-ha-mode)" = global && kept=true || kept=false
  echo "/usr/lib/x.py:1: DeprecationWarning: y" >&2
  sed "s/KEPT/$kept/" /run/rhv-ha-status ;;
esac
"""


def test_the_hosted_engine_of_ovirt_and_its_maintenance(faulty: TestHost, undo: Callable[[str], None]) -> None:
    """A stand-in for the tool, the real way to it: a mode that is on and its button, a tool that babbles or hangs."""
    undo("rm -rf /usr/sbin/hosted-engine /etc/ovirt-hosted-engine /run/rhv-ha-mode /run/rhv-ha-status")
    root = faulty.container.root
    status = json.dumps({"1": UP, "2": SECOND, "global_maintenance": False}).replace("false}", "KEPT}")
    shell(faulty, "mkdir -p /etc/ovirt-hosted-engine; echo host_id=1 > /etc/ovirt-hosted-engine/hosted-engine.conf")
    (root / "usr/sbin/hosted-engine").write_text(HOSTED_ENGINE)
    shell(faulty, f"chmod +x /usr/sbin/hosted-engine; cat > /run/rhv-ha-status <<'END'\n{status}\nEND")
    for mode, severity, message in (
        ("global", "warning", "checks.ha.global"),
        ("broken", "unknown", "checks.ha.strange"),
        ("hang", "unknown", "checks.silent"),
        ("global", "warning", "checks.ha.global"),
    ):
        shell(faulty, f"echo {mode} > /run/rhv-ha-mode")
        assert result(faulty, "engine.ha") == (severity, message)
    press(faulty, "engine.ha")
    assert result(faulty, "engine.ha") == ("ok", "checks.ha.ok")


def test_the_page_is_told_the_same(faulty: TestHost) -> None:
    """The helper of the installed package, asked over its pipes."""
    helper = faulty.container.popen("/usr/libexec/cockpit-rhv/helper", stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert helper.stdin is not None
    assert helper.stdout is not None
    try:
        helper.stdin.write(b'{"jsonrpc":"2.0","id":1,"method":"checks.run","params":{}}\n')
        helper.stdin.flush()
        answer = json.loads(helper.stdout.readline())
    finally:
        helper.stdin.close()
        helper.wait(20)
        helper.stdout.close()
    assert [item["id"] for item in answer["result"]["results"]] == list(report(faulty)["by_id"])
