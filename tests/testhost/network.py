# SPDX-License-Identifier: Apache-2.0
"""A network of a test host: a bridge on this machine, its address, DHCP and DNS for one domain. No way out of it."""

from __future__ import annotations

import ipaddress
import json
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

HOST_MAC = "52:54:00:52:48:10"  # of the host's bridge, so that DHCP always gives it the same address


class NetworkError(RuntimeError):
    """A command that sets up the network failed; the text has its words."""


class NetworkTaken(RuntimeError):
    """The address range or the bridge's name is in use on this machine by something that is not ours."""


@dataclass(frozen=True)
class Network:
    """``bridge`` carries ``subnet``: this machine is ``.1``, the test host ``.10``, DHCP gives ``.100`` to ``.199``."""

    bridge: str
    subnet: str
    domain: str = "rhv.test"

    @property
    def prefix(self) -> ipaddress.IPv4Network:
        return ipaddress.ip_network(self.subnet, strict=True)  # type: ignore[return-value]

    def address(self, last: int) -> str:
        """The address of this network that ends in ``last``."""
        return str(self.prefix.network_address + last)

    def check_free(self) -> None:
        """Raise NetworkTaken when another interface or a route already covers the range."""
        for link in json.loads(_run("ip", "-j", "addr")):
            for info in link.get("addr_info", []):
                other = ipaddress.ip_address(info["local"])
                if link["ifname"] != self.bridge and other in self.prefix:
                    raise NetworkTaken(f"{self.subnet} is already used by {link['ifname']} ({other}) on this machine")
        for route in json.loads(_run("ip", "-j", "-4", "route")):
            destination = route.get("dst", "default")
            if destination == "default" or route.get("dev") == self.bridge:
                continue
            if ipaddress.ip_network(destination, strict=False).overlaps(self.prefix):
                raise NetworkTaken(f"{self.subnet} overlaps the route to {destination} through {route.get('dev')}")

    def up(self, run_dir: Path) -> None:
        """Create the bridge and start dnsmasq on it; harmless when both are there."""
        self.check_free()
        if not Path(f"/sys/class/net/{self.bridge}").exists():
            _run("ip", "link", "add", "name", self.bridge, "type", "bridge")
            _run("ip", "addr", "add", f"{self.address(1)}/{self.prefix.prefixlen}", "dev", self.bridge)
        _run("ip", "link", "set", self.bridge, "up")
        run_dir.mkdir(parents=True, exist_ok=True)
        if not _alive(run_dir / "dnsmasq.pid", "dnsmasq"):
            self._stop_dnsmasq()  # one that an interrupted run in another folder left on this bridge
            self._start_dnsmasq(run_dir)

    def _start_dnsmasq(self, run_dir: Path) -> None:
        leases = run_dir / "dnsmasq.leases"
        _run(
            "dnsmasq",
            "--conf-file=/dev/null",
            "--no-hosts",
            "--no-resolv",
            f"--interface={self.bridge}",
            "--bind-interfaces",
            "--except-interface=lo",
            f"--domain={self.domain}",
            f"--local=/{self.domain}/",
            "--dhcp-authoritative",
            f"--dhcp-range={self.address(100)},{self.address(199)},1h",
            f"--dhcp-leasefile={leases}",
            f"--host-record=host1.{self.domain},{self.address(10)}",
            f"--dhcp-host={HOST_MAC},{self.address(10)}",
            f"--dhcp-option=option:router,{self.address(1)}",
            f"--pid-file={run_dir / 'dnsmasq.pid'}",
            f"--log-facility={run_dir / 'dnsmasq.log'}",
            "--user=root",
        )

    def _stop_dnsmasq(self) -> None:
        """Stop whichever dnsmasq serves our bridge, and wait for its end."""
        deadline = time.monotonic() + 5
        while (pids := _processes("dnsmasq", f"--interface={self.bridge}")) and time.monotonic() < deadline:
            for pid in pids:
                os.kill(pid, signal.SIGTERM)
            time.sleep(0.05)

    def down(self) -> None:
        """Stop dnsmasq and remove the bridge."""
        self._stop_dnsmasq()
        if Path(f"/sys/class/net/{self.bridge}").exists():
            _run("ip", "link", "del", self.bridge)


def _run(*command: str) -> str:
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    if result.returncode != 0:
        raise NetworkError(f"{' '.join(command)} ended with {result.returncode}: {result.stderr.strip()}")
    return result.stdout


def _processes(name: str, argument: str) -> list[int]:
    """Pids of the processes called ``name`` that were started with exactly this argument."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if Path(command[0].decode(errors="replace")).name == name and argument.encode() in command:
            found.append(int(entry.name))
    return found


def _alive(pid_file: Path, name: str) -> int | None:
    """The pid in ``pid_file`` when a process called ``name`` has it."""
    try:
        pid = int(pid_file.read_text())
        return pid if Path(f"/proc/{pid}/comm").read_text().strip() == name else None
    except (FileNotFoundError, ValueError, ProcessLookupError):
        return None
