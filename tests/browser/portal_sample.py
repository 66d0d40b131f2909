# SPDX-License-Identifier: Apache-2.0
"""A Manager that exists only as its answers: for states that a real one cannot be brought into at will (an
installation that failed, forty guests, an engine that stops answering). Everything else is tested on a real engine.
"""

from __future__ import annotations

import base64
import json
import math
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

PORTAL = Path(__file__).parents[2] / "cockpit-rhv" / "dist" / "portal"
ORIGIN = "https://engine.example.com"
TYPES = {
    ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2",
    ".json": "application/json",
}  # fmt: skip
GIB = 1024**3
# The page takes the SHA-256 of whatever is inside; it does not read it.
CA = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(bytes(600)).decode()}\n-----END CERTIFICATE-----\n"


def _statistics(**values: float) -> dict[str, Any]:
    return {
        "statistic": [
            {"name": name.replace("_", "."), "values": {"value": [{"datum": datum}]}} for name, datum in values.items()
        ]
    }


def host(number: int, name: str, status: str, cpu: float, memory: float, guests: int) -> dict[str, Any]:
    """One host of 32 CPUs and 128 GiB; the loads are shares."""
    answer: dict[str, Any] = {
        "id": f"h{number}", "name": name, "address": f"192.0.2.{10 + number}", "port": "54321", "status": status,
        "cpu": {"name": "AMD EPYC 7543P", "topology": {"sockets": "1", "cores": "16", "threads": "2"}},
        "memory": str(128 * GIB), "summary": {"active": str(guests)}, "cluster": {"id": "c1"},
        "os": {"type": "Debian", "version": {"full_version": "13"}}, "version": {"full_version": "0.1.0"},
        "libvirt_version": {"full_version": "11.3.0"},
    }  # fmt: skip
    if status == "up":
        wave = 0.06 * math.sin(time.time() / 7 + number)
        answer["statistics"] = _statistics(
            cpu_current_user=100 * max(0.0, cpu * 0.7 + wave), cpu_current_system=30 * cpu,
            memory_total=128 * GIB, memory_used=memory * 128 * GIB, swap_total=8 * GIB, swap_used=0,
            boot_time=time.time() - 300_000 * number, cpu_load_avg_5m=cpu * 32,
        )  # fmt: skip
    return answer


def guest(number: int, name: str, status: str, host_id: str, *, engine: bool = False) -> dict[str, Any]:
    """One guest."""
    answer: dict[str, Any] = {
        "id": f"v{number}", "name": name, "status": status, "memory": str(4 * GIB),
        "cpu": {"topology": {"sockets": "1", "cores": str(1 + number % 4), "threads": "1"}},
        "origin": "managed_hosted_engine" if engine else "ovirt",
    }  # fmt: skip
    if host_id:
        answer["host"] = {"id": host_id}
    if status == "up":
        answer["statistics"] = _statistics(
            cpu_current_total=(number * 37) % 97, memory_installed=4 * GIB,
            memory_used=(0.2 + (number * 13 % 70) / 100) * 4 * GIB,
        )  # fmt: skip
    return answer


def event(
    number: int, severity: str, text: str, minutes_ago: float, host_id: str = "", **params: str | int
) -> dict[str, Any]:
    """One event; ``text`` is a template."""
    answer: dict[str, Any] = {
        "id": str(number), "severity": severity, "description": text.format(**params), "code": "1",
        "time": int((time.time() - 60 * minutes_ago) * 1000),
        "rhv_message": {"key": "event", "text": text, "params": params},
    }  # fmt: skip
    if host_id:
        answer["host"] = {"id": host_id}
    return answer


@dataclass
class Sample:
    """The answers; a test changes them while the page looks."""

    hosts: list[dict[str, Any]] = field(default_factory=list)
    guests: list[dict[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    answering: bool = True
    idle_s: int = 1800
    has_ca: bool = True
    asked: list[str] = field(default_factory=list)

    def install(self, page: Page) -> None:
        """Answer for the engine on this page."""
        page.route(f"{ORIGIN}/**", self._answer)

    def _answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN + "/ovirt-engine/")
        self.asked.append(path)
        if not self.answering:
            route.abort("connectionrefused")
        elif path.startswith("api/"):
            name = path.removeprefix("api/").split("?")[0]
            lists = {"hosts": ("host", self.hosts), "vms": ("vm", self.guests), "events": ("event", self.events)}
            key, items = lists[name]
            if "&from=" in path:
                newest = int(path.rpartition("=")[2])
                items = [item for item in items if int(item["id"]) > newest]
            # An empty list has no key at all in oVirt's JSON.
            _json(route, 200, {key: items} if items else {})
        elif path == "sso/oauth/token":
            _json(route, 200, {"access_token": "sample", "token_type": "bearer", "expires_in": self.idle_s})
        elif path == "services/info":
            _json(route, 200, {"product": "cockpit-rhv engine", "version": "0.1.0"})
        elif path.startswith("services/pki-resource") and self.has_ca:
            route.fulfill(content_type="application/x-x509-ca-cert", body=CA)
        elif path.startswith("services/"):
            _json(route, 404, {"reason": "Not Found"})
        else:
            self._file(route, path.split("?")[0] or "index.html")

    def _file(self, route: Route, path: str) -> None:
        file = PORTAL / path
        if not file.is_file():
            _json(route, 404, {"reason": "Not Found"})
            return
        route.fulfill(body=file.read_bytes(), content_type=TYPES[file.suffix], headers={
            "Content-Security-Policy": "default-src 'self'",
        })  # fmt: skip


def _json(route: Route, status: int, value: dict[str, Any]) -> None:
    route.fulfill(status=status, content_type="application/json", body=json.dumps(value))


def busy() -> Sample:
    """A Manager in the middle of its day: hosts in every kind of state, many guests, a history."""
    hosts = [
        host(1, "node1.example.com", "up", 0.31, 0.52, 9), host(2, "node2.example.com", "up", 0.93, 0.88, 14),
        host(3, "node3.example.com", "non_responsive", 0, 0, 6), host(4, "node4.example.com", "installing", 0, 0, 0),
        host(5, "node5.example.com", "maintenance", 0, 0, 0), host(6, "node6.example.com", "install_failed", 0, 0, 0),
    ]  # fmt: skip
    states = ["up", "up", "up", "up", "down", "up", "paused", "up", "migrating", "powering_up"]
    guests = [guest(0, "engine.example.com", "up", "h1", engine=True)]
    guests += [
        guest(i, f"{['web', 'db', 'build', 'mail'][i % 4]}{i:02d}", states[i % 10], f"h{1 + i % 2}")
        for i in range(1, 34)
    ]
    guests += [guest(40 + i, f"lab{i:02d}", "unknown", "h3") for i in range(1, 3)]
    node = [f"node{number}.example.com" for number in range(4)]
    events = [
        event(90, "error", "Host {host} is not responding. {reason}", 1, "h3", host=node[3], reason=""),
        event(
            89,
            "warning",
            "Host {host} is not answering; waiting {seconds} s for it. {reason}",
            1.5,
            "h3",
            host=node[3],
            seconds=12,
            reason="",
        ),
        event(88, "normal", "VM {vm} started on host {host}.", 7, "h1", vm="web04", host=node[1]),
        event(87, "normal", "User {user} logged in from {address}.", 12, user="admin@internal", address="192.0.2.77"),
        event(86, "alert", "VM {vm} is down with an error. {reason}", 95, "h2", vm="lab07", reason="SIGKILL"),
    ]
    events += [
        event(85 - i, "normal", "VM {vm} started on host {host}.", 120 + 50 * i, vm=f"db{i:02d}", host=node[1 + i % 2])
        for i in range(70)
    ]  # fmt: skip
    return Sample(hosts=hosts, guests=guests, events=events)
