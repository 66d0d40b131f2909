# SPDX-License-Identifier: Apache-2.0
"""Guests of a host: none, a handful of every kind, two thousand, and what is said when something is done to them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from .host import CLOCK_S, lost, machine
from .plans import Refused
from .texts import Json, error, msg

#: What somebody may call a guest; the last one is as long as libvirt allows a file name to be, nearly.
HOSTILE = [
    """it's "quoted" & <b>bold</b>""",
    "<script>alert(1)</script>",
    "\N{SNOWMAN} \N{PILE OF POO} snow",
    "{count} of {total} ${name} %s",
    "a-very-long-name-" * 12,
]


def guest(number: int, name: str, state: str = "running", **fields: Any) -> Json:
    """A guest of this host with its own figures."""
    active = state in ("running", "paused")
    runs = state == "running"
    return {
        **machine(state),
        "uuid": str(UUID(int=number + 1)),
        "name": name,
        "owner": "local",
        "autostart": number % 3 == 0,
        "vcpus": 1 + number % 4,
        "memory_mib": 1024 << number % 4,
        "memory_used_mib": 300 + number % 500 if runs else None,
        "cpu_percent": number * 7 % 101 if runs else 0 if active else None,
        "disk_read_bytes_s": number % 5 * 40_000 if active else None,
        "disk_write_bytes_s": number % 7 * 9_000 if active else None,
        "net_rx_bytes_s": number % 4 * 120_000 if active else None,
        "net_tx_bytes_s": number % 6 * 30_000 if active else None,
        "addresses": [f"198.51.{100 + number // 250}.{number % 250 + 1}"] if runs else None,
        "started_s": CLOCK_S - 60 - number * 977 % 390_000 if active else None,
        "macs": [f"52:54:00:00:{number >> 8 & 255:02x}:{number & 255:02x}"],
        **fields,
    }


def few() -> list[Json]:
    """One of each kind that a person treats differently."""
    return [
        guest(1, "web-1", addresses=["198.51.100.11", "2001:db8::11"]),
        guest(2, "web-2", cpu_percent=96, net_rx_bytes_s=41_000_000, net_tx_bytes_s=2_900_000),
        guest(3, "database", "paused", reason="io_error"),
        guest(4, "build-agent", "shut_off", reason="shutdown"),
        guest(5, "legacy", "shut_off", reason="crashed"),
        guest(6, "desktop", "shut_off", reason="saved"),
        guest(7, "billing", owner="managed"),
    ]


def hostile() -> list[Json]:
    return [guest(number, name, "shut_off" if number % 2 else "running") for number, name in enumerate(HOSTILE)]


def many() -> list[Json]:
    states = ("running", "shut_off", "shut_off", "paused")
    return [guest(number, f"guest-{number:04}", states[number % 4]) for number in range(2000)]


def unknown() -> list[Json]:
    """What is left of them when libvirt is gone."""
    figures = ("memory_used_mib", "cpu_percent", "disk_read_bytes_s", "disk_write_bytes_s", "net_rx_bytes_s")
    gone = dict.fromkeys((*figures, "net_tx_bytes_s", "addresses", "started_s"))
    return [{**one, **gone, "state": "unknown", "reason": None, "error": lost()} for one in few()]


def results(uuids: list[str]) -> list[Json]:
    """The second guest never does what it is asked to."""
    refused = error(
        "machine.qemu_failed",
        msg("machine.qemu_failed", "QEMU could not run the guest."),
        msg("machine.qemu_failed.hint", "The guest's log in /var/log/libvirt/qemu says more."),
        "internal error: process exited while connecting to monitor (libvirt error 1, domain 10)",
    )

    def result(uuid: str) -> Json:
        if uuid == few()[1]["uuid"]:
            return {"uuid": uuid, "outcome": "failed", "error": refused}
        return {"uuid": uuid, "outcome": "done", "error": None}

    return [result(uuid) for uuid in uuids]


def console(uuid: str) -> Json:
    """web-1 listens on the loopback only, web-2 asks nobody for a ticket."""
    if uuid == few()[0]["uuid"]:
        problem = error(
            "console.local_only",
            msg("console.local_only", "The guest's console can be reached from the host itself only."),
            msg(
                "console.local_only.hint",
                "Forward the port: ssh -L {port}:{address}:{port} {host}, then open it with remote-viewer.",
                port=5900,
                address="127.0.0.1",
                host="host1.example.org",
            ),
        )
        raise Refused(problem)
    locked = uuid != few()[1]["uuid"]
    return {"filename": "HostedEngine.vv", "content": "[virt-viewer]\ntype=vnc\n", "locked": locked}
