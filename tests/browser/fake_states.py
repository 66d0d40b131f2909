# SPDX-License-Identifier: Apache-2.0
"""What the scripted helper says in each state of the page: topics and answers as the real helper would send them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).resolve().parents[2]
PROFILE = ROOT / "ansible" / "embedded"
UUID = "6f0c1c3e-6c1e-4a51-9d3b-0b7a2f3d8e11"
JOB = "20260301-101500-a1b2"
GIB = 1024 * 1024 * 1024

Json = dict[str, Any]


def msg(id: str, text: str, **params: str | int | float) -> Json:
    return {"id": id, "text": text, "params": params}


def error(code: str, message: Json, hint: Json | None = None, detail: str | None = None) -> Json:
    return {"code": code, "message": message, "hint": hint, "detail": detail}


def nic(name: str, kind: str, address: str | None, members: list[str], controller: str | None = None) -> Json:
    addresses = [{"address": address, "prefix": 24, "family": "ipv4", "dynamic": True}] if address else []
    return {
        "name": name,
        "kind": kind,
        "mac": "52:54:00:6b:3c:58",
        "up": True,
        "mtu": 1500,
        "speed_mbps": 1000,
        "addresses": addresses,
        "gateway": "192.0.2.1" if address else None,
        "members": members,
        "controller": controller,
    }


def host(kvm: bool) -> Json:
    reason = (
        None
        if kvm
        else msg("host.kvm.no_flags", "The CPU offers no hardware virtualization, or the firmware has it switched off.")
    )
    return {
        "hostname": "host1",
        "fqdn": "host1.example.com",
        "machine_id": "0c2e",
        "kernel": "6.12.41",
        "os": {"id": "debian", "version_id": "13", "pretty_name": "Debian GNU/Linux 13 (trixie)"},
        "boot_time_s": time.time() - 86_400,
        "cpu": {
            "model": "AMD EPYC 7302P",
            "sockets": 1,
            "cores": 16,
            "threads": 32,
            "virtualization_flag": "svm" if kvm else None,
        },
        "memory": {"total_mib": 65_536, "available_mib": 51_200, "swap_total_mib": 0, "swap_free_mib": 0},
        "kvm": {"usable": kvm, "reason": reason},
        "nics": [nic("eno1", "ethernet", None, [], "br0"), nic("br0", "bridge", "192.0.2.20", ["eno1"])]
        if kvm
        else [nic("eno1", "ethernet", "192.0.2.20", [])],
        "dns": {"servers": ["192.0.2.1"], "search": ["example.com"]},
    }


def machine(state: str) -> Json:
    running = state == "running"
    return {
        "uuid": UUID,
        "name": "HostedEngine",
        "state": state,
        "reason": None,
        "error": None,
        "owner": "engine",
        "persistent": True,
        "autostart": True,
        "vcpus": 2,
        "memory_mib": 1024,
        "memory_used_mib": 412 if running else None,
        "cpu_percent": 7.4 if running else None,
        "uptime_s": 93_784 if running else None,
        "emulated": False,
        "graphics": [{"type": "vnc", "address": "127.0.0.1", "port": 5900, "tls_port": None}] if running else [],
        "macs": ["52:54:00:12:34:56"],
    }


def machines(vm: str | None, libvirt: str = "connected") -> Json:
    problem = None
    if libvirt == "absent":
        problem = error(
            "libvirt.absent",
            msg("libvirt.absent", "libvirt is not installed on this host."),
            msg(
                "libvirt.absent.hint",
                "Install libvirt-daemon-system and python3-libvirt (Debian) or libvirt and python3-libvirt (EL).",
            ),
            "Failed to connect socket to '/var/run/libvirt/libvirt-sock-ro': No such file or directory",
        )
    return {
        "libvirt": {
            "state": libvirt,
            "access": "read-write" if libvirt == "connected" else "none",
            "version": "11.3.0" if libvirt == "connected" else None,
            "uri": "qemu:///system",
            "error": problem,
        },
        "machines": {UUID: machine(vm)} if vm else {},
    }


def phases(current: str | None, end: str = "running") -> list[Json]:
    """The profile's phases as they look while (or after) ``current`` was reached; None: all are done."""
    result: list[Json] = []
    state = "done"
    for phase in json.loads((PROFILE / "profile.json").read_text())["phases"]:
        if phase["id"] == current:
            state = end
        result.append(
            {
                "id": phase["id"],
                "title": {**phase["title"], "params": {}},
                "state": state,
                "started_s": None if state == "pending" else time.time() - 20,
                "elapsed_s": None if state == "pending" else phase["expected_s"] * 0.9,
                "expected_s": phase["expected_s"],
            }
        )
        if phase["id"] == current:
            state = "pending"
    return result


def job_status(state: str, current: str | None) -> Json:
    failed = state == "failed"
    ended = state not in ("running", "queued")
    now = time.time()
    return {
        "id": JOB,
        "kind": "deploy",
        "profile": "embedded",
        "title": msg("deploy.title", "Deploy the engine {fqdn}", fqdn="engine.example.com"),
        "state": state,
        "user": "admin",
        "created_s": now - 31,
        "started_s": now - 30,
        "ended_s": now if ended else None,
        "elapsed_s": 84.2 if state == "succeeded" else 29.6,
        "expected_s": 81,
        "phases": phases(current, {"running": "running", "failed": "failed"}.get(state, "cancelled")),
        "phase": current,
        "task": None
        if state == "succeeded"
        else msg("task", "Copy and verify the appliance image")
        if state == "running"
        else msg("task", WAIT),
        "progress": {"done": int(1.2 * GIB), "total": 3 * GIB, "unit": "bytes", "message": None}
        if state == "running"
        else None,
        "error": error(
            "engine.ca_mismatch",
            msg(
                "engine.ca_mismatch",
                "The machine at {address} is not the engine VM: it has another CA.",
                address="192.0.2.30",
            ),
            msg(
                "engine.ca_mismatch.hint",
                "Find out who else has that address; the deployment trusts no one it cannot prove.",
            ),
            "expected 4f:9a:…:11\nreceived 77:02:…:c4\n"
            "GET https://192.0.2.30/ovirt-engine/services/pki-resource -> 200",
        )
        if failed
        else None,
        "attempt": 1,
        "resumable": state in ("failed", "cancelled", "interrupted"),
        "unit": f"cockpit-rhv-job-{JOB}.service",
        "version": "0.1.0",
    }


WAIT = "Wait for the Manager and prove its identity"
TASKS = [
    ("preflight", "Check memory, disks, network and names", 0.9),
    ("storage", "Create the directory for the engine's disk", 0.3),
    ("image", "Copy and verify the appliance image", 5.2),
]


def job_events(state: str) -> Json:
    events: list[Json] = []

    def add(type: str, phase: str | None, text: str, **more: Any) -> None:
        events.append(
            {
                "seq": len(events) + 1,
                "time_s": time.time(),
                "elapsed_s": len(events) * 1.7,
                "type": type,
                "phase": phase,
                "task": None,
                "severity": "info",
                "message": msg("event", text),
                "outcome": None,
                "duration_s": None,
                **more,
            }
        )

    titles = {
        phase["id"]: phase["title"]["text"] for phase in json.loads((PROFILE / "profile.json").read_text())["phases"]
    }
    add("job_started", None, "The job started.")
    last = None
    for phase, task, took in TASKS:
        if phase != last:
            add("phase_started", phase, titles[phase])
            last = phase
        add("task_started", phase, task, task=task)
        running = state == "running" and task == TASKS[-1][1]
        if not running:
            add("task_ended", phase, task, task=task, outcome="changed", duration_s=took)
    if state == "failed":
        add("phase_started", "engine", titles["engine"])
        add("log", "engine", "The Manager answers, and reports that it is not healthy.", severity="warning")
        add("task_ended", "engine", WAIT, severity="error", outcome="failed", task=WAIT, duration_s=2.1)
    return {str(event["seq"]): event for event in events}


def component(id: str, title: str, state: str, message: str, **params: str) -> Json:
    return {
        "id": id,
        "title": msg(f"component.{id}", title),
        "state": state,
        "message": msg(f"component.{id}.{state}", message, **params),
    }


def engine(state: str, vm: str = "running") -> Json:
    starting = vm == "starting"
    off = vm == "shut_off"
    manager = "starting" if starting else "stopped" if off else "ok"
    health = {"ok": "good", "starting": "bad", "stopped": "bad"}[manager]
    config = {
        "version": 1,
        "profile": "embedded",
        "name": "HostedEngine",
        "uuid": UUID,
        "fqdn": "engine.example.com",
        "address": "192.0.2.30",
        "url": "https://engine.example.com/",
        "ca_sha256": "4f9a" * 16,
        "ca_file": "/etc/cockpit-rhv/pki/ca.pem",
        "host_id": "h1",
        "host_name": "host1",
        "host_address": "192.0.2.20",
        "network_kind": "nat",
        "network_name": "default",
        "disk": "/var/lib/libvirt/images/HostedEngine.qcow2",
        "deployed_s": 1_767_258_900,
        "job": JOB,
        "engine_version": "0.1.0",
    }
    return {
        "state": state,
        "config": config if state == "deployed" else None,
        "job": JOB if state in ("deploying", "failed") else None,
        "vm_state": None if state == "none" else ("running" if starting else vm),
        "uuid": None if state == "none" else UUID,
        "health": {
            "state": health if state == "deployed" else "unknown",
            "checked_s": time.time(),
            "message": msg("engine.health.good", "The Manager is healthy.")
            if health == "good"
            else msg("engine.health.bad", "The Manager has not been asked yet."),
        },
        "version": "0.1.0" if state == "deployed" and not off else None,
        "components": [
            component("libvirt", "libvirt", "ok", "libvirt {version} answers.", version="11.3.0"),
            component("network", "Network", "ok", "{name} is up.", name="default"),
            component(
                "vm",
                "Engine VM",
                "stopped" if off else "ok",
                "The engine VM is shut off." if off else "The engine VM runs.",
            ),
            component(
                "manager",
                "Manager",
                manager,
                {
                    "ok": "The Manager is healthy.",
                    "starting": "The Manager starts.",
                    "stopped": "The engine VM does not run.",
                }[manager],
            ),
            component("agent", "Agent of this host", "ok", "The agent runs and the Manager is connected to it."),
        ]
        if state == "deployed"
        else [],
        "reachable_only_here": True,
    }


def form(kvm: bool) -> Json:
    schema = json.loads((PROFILE / "answers.schema.json").read_text())
    profile = json.loads((PROFILE / "profile.json").read_text())
    values: Json = {}
    origins: dict[str, str] = {}
    for section, part in schema["properties"].items():
        for name, field in part.get("properties", {}).items():
            if "default" in field:
                values.setdefault(section, {})[name] = field["default"]
                origins[f"{section}.{name}"] = "default"
    detected = {
        "engine.fqdn": "engine.example.com",
        "host.name": "host1",
        "network.kind": "bridge" if kvm else "nat",
        "network.name": "br0" if kvm else "default",
    }
    for path, value in detected.items():
        section, name = path.split(".")
        values.setdefault(section, {})[name] = value
        origins[path] = "detected"
    nat = {"path": "network.kind", "equals": "nat"}
    bridge = {"path": "network.kind", "equals": "bridge"}
    notices = [
        {
            "id": "network.nat",
            "severity": "warning",
            "step": "network",
            "confirm": None,
            "when": nat,
            "message": msg("notice.nat", "Only this host can reach the Manager: the engine VM is behind NAT."),
        }
    ]
    if not kvm:
        notices.append(
            {
                "id": "emulation",
                "severity": "danger",
                "step": "engine",
                "confirm": "accept.emulation",
                "when": None,
                "message": msg(
                    "notice.emulation",
                    "This host cannot use hardware virtualization: guests run many times slower.",
                ),
            }
        )
    choices = [{"value": "default", "label": "default", "description": None, "when": nat}]
    if kvm:
        choices.insert(
            0,
            {
                "value": "br0",
                "label": "br0",
                "description": msg("choice.bridge", "This host has {addresses} on it.", addresses="192.0.2.20/24"),
                "when": bridge,
            },
        )
    return {
        "profile": "embedded",
        "title": profile["title"],
        "schema": schema,
        "values": values,
        "origins": origins,
        "choices": {"network.name": choices},
        "notices": notices,
        "phases": profile["phases"],
    }


def check(id: str, title: str, severity: str, why: str, summary: Json, remedy: Json | None = None) -> Json:
    return {
        "id": id,
        "title": msg(f"check.{id}", title),
        "severity": severity,
        "summary": summary,
        "evidence": [{"source": "/proc/cpuinfo", "value": "flags: fpu vme de pse tsc msr pae mce cx8"}],
        "why": msg(f"check.{id}.why", why),
        "remedy": remedy,
        "remedy_job": None,
        "path": None,
    }


def report(kind: str) -> Json:
    kvm = "Without it guests run ten to a hundred times slower: enough to try things out, not to work."
    port = "The Manager reaches this host over port 54321, and only one agent can own a host."
    results = [
        check(
            "kvm",
            "Hardware virtualization",
            "ok",
            kvm,
            msg("kvm.ok", "Guests run with hardware virtualization ({flag}).", flag="svm"),
        ),
        check(
            "memory",
            "Memory",
            "ok",
            "A host that runs out of memory kills its largest process, which would be the engine VM.",
            msg("memory.ok", "{free} MiB are free, {asked} MiB are asked for.", free=51_200, asked=1024),
        ),
    ]
    if kind != "ok":
        results.append(
            check(
                "disk",
                "Disk space",
                "warning",
                "A guest whose disk cannot grow is paused in the middle of its work.",
                msg(
                    "disk.tight",
                    "{free} GiB are free; the engine's disk of {asked} GiB would take nearly all.",
                    free=11,
                    asked=10,
                ),
                msg("disk.remedy", "Make room, choose another directory, or ask for a smaller disk."),
            )
        )
    if kind == "error":
        results.append(
            check(
                "vdsm",
                "Agent port",
                "error",
                port,
                msg("vdsm", "vdsm runs here (pid {pid}): this host already belongs to a Manager.", pid="812"),
                msg("vdsm.remedy", "Remove the host from that Manager and stop vdsmd, or deploy on another host."),
            )
        )
    else:
        results.append(check("vdsm", "Agent port", "ok", port, msg("vdsm.ok", "Port {port} is free.", port="54321")))
    verdict = {"ok": "ok", "warning": "warning", "error": "error"}[kind]
    return {"verdict": verdict, "results": results, "elapsed_s": 0.4}


class State:
    """One state of the host, as topics and answers."""

    def __init__(
        self,
        engine_state: str = "none",
        vm: str | None = None,
        job: str | None = None,
        phase: str | None = None,
        kvm: bool = True,
        privileged: bool = True,
        libvirt: str = "connected",
        preflight: str = "warning",
        version: str = "0.1.0",
    ) -> None:
        self.privileged = privileged
        self.version = version
        self.kvm = kvm
        self.preflight = preflight
        status = job_status(job, phase) if job else None
        self.topics: dict[str, Callable[[], Json]] = {
            "host": lambda: host(kvm),
            "machines": lambda: machines({"starting": "running"}.get(vm, vm) if vm else None, libvirt),
            "engine": lambda: engine(engine_state, vm or "running"),
            "jobs": lambda: {"jobs": {JOB: status} if status else {}, "access": None},
        }
        if status:
            self.topics[f"job/{JOB}"] = lambda: {"status": status, "events": job_events(str(job))}


STATES: dict[str, Callable[[], State]] = {
    "before": lambda: State(),
    "emulated": lambda: State(kvm=False),
    "refused": lambda: State(preflight="error"),
    "limited": lambda: State(privileged=False),
    "no-libvirt": lambda: State(libvirt="absent"),
    "running": lambda: State("deploying", job="running", phase="image"),
    "failed": lambda: State("failed", job="failed", phase="engine"),
    "interrupted": lambda: State("failed", job="interrupted", phase="engine"),
    "deployed": lambda: State("deployed", vm="running", job="succeeded"),
    "starting": lambda: State("deployed", vm="starting", job="succeeded"),
    "stopped": lambda: State("deployed", vm="shut_off", job="succeeded"),
    "skew": lambda: State("deployed", vm="running", job="succeeded", version="0.0.9"),
}
