# SPDX-License-Identifier: Apache-2.0
"""A real NetworkManager with one card and a router, in a network of its own: no container boots for that.

The programs are those of the test hosts' root (`make roots`), which is not written to.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.waiting import until

TREE = Path(__file__).resolve().parents[2]
ROOT = TREE / "build" / "roots" / "trixie"
ADDRESS, ROUTER = "192.0.2.10/24", "192.0.2.1"

#: Runs in fresh namespaces (network, mounts, processes). ``$1``: the root, ``$2``: a folder for what is written.
_SET_UP = r"""
set -eu
mount -t tmpfs tmpfs "$2"
mkdir "$2/up" "$2/work" "$2/root" "$2/bin"
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2/up,workdir=$2/work" "$2/root"
mount -t sysfs -o ro sysfs /sys
for place in proc sys dev; do mount --rbind "/$place" "$2/root/$place"; done
mount -t tmpfs tmpfs "$2/root/run"
mkdir "$2/root/run/dbus"
# What this tree's programs read and write is the host's, at its own paths.
for place in etc var/lib; do
    mkdir -p "$2/over/$place/up" "$2/over/$place/work"
    mount -t overlay overlay -o "lowerdir=/$place,upperdir=$2/over/$place/up,workdir=$2/over/$place/work" "/$place"
done
for place in etc/NetworkManager var/lib/NetworkManager var/lib/cockpit-rhv; do
    mkdir -p "/$place" "$2/root/$place"
    mount --bind "$2/root/$place" "/$place"
done
mount --rbind "$2/root/run" /run
rm -f "$2/root/etc/NetworkManager/system-connections/"*
cat > "$2/root/etc/NetworkManager/NetworkManager.conf" <<END
[main]
plugins=keyfile
auth-polkit=false
dns=none
no-auto-default=*
[device]
match-device=*
managed=1
END
for program in nmcli busctl ping; do
    printf '#!/bin/sh\nexec chroot %s %s "$@"\n' "$2/root" "$program" > "$2/bin/$program"
    chmod +x "$2/bin/$program"
done
ip link set lo up
ip link add eth0 type veth peer name router0
unshare -n sleep infinity &
router=$!
while [ "$(readlink "/proc/$router/ns/net")" = "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
ip link set router0 netns "$router"
nsenter -t "$router" -n sh -c 'ip link set lo up; ip addr add 192.0.2.1/24 dev router0; ip link set router0 up'
echo "$router" > "$2/router"
chroot "$2/root" dbus-daemon --system --nofork --nopidfile &
until [ -S "$2/root/run/dbus/system_bus_socket" ]; do sleep 0.05; done
touch "$2/begun"
wait
"""


def obstacle() -> str | None:
    """Why there can be none here, or None."""
    if os.geteuid() != 0:
        return "a network of one's own takes root"
    return None if ROOT.is_dir() else f"{ROOT} is not there: make roots"


@dataclass
class RealNetworkManager:
    """``folder``: an empty one for what is written; ``log``: what NetworkManager says."""

    folder: Path
    log: Path
    _started: list[subprocess.Popen[str]] = field(default_factory=list)
    _manager: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RealNetworkManager:
        words = ["unshare", "-n", "-m", "-p", "-f", "--kill-child", "--mount-proc", "--propagation", "private"]
        with self.log.open("wb") as log:
            self._outer = subprocess.Popen(
                [*words, "sh", "-c", _SET_UP, "sh", str(ROOT.resolve()), str(self.folder)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            children = Path(f"/proc/{self._outer.pid}/task/{self._outer.pid}/children")
            self._inner = until("its first process", lambda: children.read_text().split(), bool)[0]
            until("its own mounts", lambda: self.try_run("test", "-e", f"{self.folder}/begun"), _is_fine)
            self.start_manager()
            add = "nmcli connection add type ethernet con-name eth0 ifname eth0 ipv4.method manual ipv6.method disabled"
            self.run(*add.split(), "ipv4.addresses", ADDRESS, "ipv4.gateway", ROUTER)
            self.run("nmcli", "-w", "20", "connection", "up", "eth0")
            # A change that finds the gateway silent does not ask for it afterwards.
            until("the router", lambda: self.try_run("ping", "-c", "1", "-W", "1", ROUTER), _is_fine)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._outer.kill()  # and with it, by --kill-child and their process namespace, all of them
        self._outer.wait()
        for process in self._started:
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
        if self._manager is not None:
            self._manager.wait()

    def command(self, *argv: str) -> list[str]:
        """The argv that runs ``argv`` there; nmcli, busctl and ping are the root's, the rest this machine's."""
        enter = ["nsenter", "-t", self._inner, "-n", "-m", "-p"]
        path = f"PATH={self.folder}/bin:{os.environ['PATH']}"
        return [*enter, "env", path, f"PYTHONPATH={TREE / 'bridge'}:{TREE}", *argv]

    def try_run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*argv), capture_output=True, text=True, check=False, cwd="/")

    def run(self, *argv: str) -> str:
        """Raises AssertionError with what the program said."""
        done = self.try_run(*argv)
        assert done.returncode == 0, f"{argv}: {done.stdout}{done.stderr}"
        return done.stdout

    def start_manager(self) -> None:
        """NetworkManager runs, from now on or as it did."""
        with self.log.open("ab") as log:
            argv = self.command("chroot", f"{self.folder}/root", "NetworkManager", "--no-daemon", "--log-level=INFO")
            self._manager = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/")
        until("NetworkManager", lambda: self.try_run("nmcli", "-t", "general", "status"), _is_fine)

    def stop_manager(self) -> None:
        """As systemd does; what it configured stays in the kernel."""
        self.run("pkill", "-TERM", "-x", "NetworkManager")
        self._ended_manager()

    def power_cut(self) -> None:
        """Everything that runs ends, and the kernel and /run forget; NetworkManager is not started yet."""
        self.try_run("pkill", "-KILL", "--full", "^[^ ]*python")
        self.run("pkill", "-KILL", "-x", "NetworkManager")
        self._ended_manager()
        for link in json.loads(self.run("ip", "-j", "link")):
            if link["ifname"] not in ("lo", "eth0"):
                self.run("ip", "link", "delete", "dev", link["ifname"])
        self.run("ip", "addr", "flush", "dev", "eth0")
        self.run("ip", "link", "set", "eth0", "nomaster", "down", "mtu", "1500")
        self.run("sh", "-c", "rm -rf /run/NetworkManager /run/cockpit-rhv")
        boot = "/proc/sys/kernel/random"
        self.run("sh", "-c", f"cat {boot}/uuid > /run/boot && mount --bind /run/boot {boot}/boot_id")

    def _ended_manager(self) -> None:
        assert self._manager is not None
        self._manager.wait()

    def cable(self, plugged: bool) -> None:
        """Pull the card's cable at the router's end, or plug it in."""
        router = self.run("cat", f"{self.folder}/router").strip()
        self.run("nsenter", "-t", router, "-n", "ip", "link", "set", "router0", "up" if plugged else "down")

    def silence_router(self) -> None:
        """It answers nobody any more; the cable stays in."""
        router = self.run("cat", f"{self.folder}/router").strip()
        self.run("nsenter", "-t", router, "-n", "ip", "addr", "flush", "dev", "router0")

    def addresses(self) -> dict[str, list[str]]:
        """IPv4 addresses with their prefixes by interface, of those that have any."""
        told = json.loads(self.run("ip", "-4", "-j", "addr"))
        return {
            one["ifname"]: [f"{item['local']}/{item['prefixlen']}" for item in one["addr_info"]]
            for one in told
            if one.get("addr_info") and one["ifname"] != "lo"
        }

    def profiles(self) -> set[str]:
        return set(self.run("nmcli", "-t", "-f", "NAME", "connection", "show").split()) - {"lo"}

    def python(self, code: str, *argv: str, feed: bool = False) -> subprocess.Popen[str]:
        """Start a Python program there, with this tree's modules. ``feed``: it has an input, which is the caller's."""
        started = subprocess.Popen(
            self.command(sys.executable, "-c", code, *argv), cwd="/", text=True,
            stdin=subprocess.PIPE if feed else subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._started.append(started)
        return started

    def state(self) -> dict[str, Any] | None:
        """``current_change()`` there."""
        code = "import json; from cockpit_rhv.checks.network_change import current_change as c; print(json.dumps(c()))"
        value: dict[str, Any] | None = json.loads(self.run(sys.executable, "-c", code))
        return value


def _is_fine(done: subprocess.CompletedProcess[str]) -> bool:
    return done.returncode == 0
